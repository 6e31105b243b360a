import { randomBytes } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { AccountLinks } from './account-links';
import { AssetStore, type SaveOptions } from './asset-store';
import { type CallLog, type GraphCall } from './call-log';
import { type ContentStore } from './content';
import {
  type Asset,
  type AttachmentType,
  type Clock,
  type Delivery,
  type IncomingFile,
  isId,
  type Page,
  type PageOptions,
  type PersonEvent,
  type Reachability,
  type State,
  type StoredFile,
  type Thread,
  type ThreadMessage,
} from './model';
import { pictureSize } from './picture-size';
import { dropOldest, Retention, sizeOf } from './retention';
import { type People } from './people';
import { type WindowRule, Windows } from './windows';

const DAY = 24 * 60 * 60 * 1000;
/** Whoever may call must not be able to fill the memory: beyond these, the oldest go. */
const MOST = {
  threads: 100_000,
  /** Of all threads; `size` in characters of JSON. */
  messages: { count: 100_000, size: 64 * 1024 * 1024 },
  /** Comments and posts that pages have answered. */
  answered: 10_000,
  /** Of a thread. */
  events: 1000,
  /** Characters of a file's name, and of its type. */
  name: 255,
};

interface PlatformEvents {
  /** A call has come; `call` follows when it has ended. */
  begin: [GraphCall];
  call: [GraphCall];
  asset: [Asset];
  /** An ID was used. */
  use: [Asset];
  message: [ThreadMessage, Thread];
  /** A message has changed: the bot has taken it or has not, somebody reacted to it, or it was unsent. */
  delivery: [ThreadMessage, Thread];
  thread: [Thread];
  /** The bot has changed what stands in its page's Messenger profile. */
  profile: [Page];
  clock: [Clock];
  /** Something else that was set from outside. */
  changed: [];
  /** The log of calls starts anew. */
  cleared: [];
  reset: [];
}

export interface PlatformParts {
  pages: PageOptions[];
  people: People;
  clock: () => number;
  calls: CallLog;
  content: ContentStore;
  windows: WindowRule;
}

/** Everything that the platform knows. Emits what happens, so that a page can show it as it happens. */
export class Platform extends EventEmitter<PlatformEvents> {
  readonly calls: CallLog;
  readonly content: ContentStore;
  readonly people: People;
  readonly accountLinks = new AccountLinks(() => this.now());
  readonly #pages = new Map<string, Page>();
  readonly #pagesByToken = new Map<string, Page>();
  readonly #assets = new AssetStore(() => this.now());
  readonly #threads = new Map<string, Thread>();
  readonly #users = new Map<string, Reachability>();
  readonly #windows: Windows;
  /** Comments and posts that pages have answered. */
  readonly #answered = new Set<string>();
  readonly #clock: () => number;
  readonly #messageIds = randomBytes(32).toString('base64url');
  #messages = 0;
  /** The threads of all messages, in the order of the messages. */
  readonly #retention = new Retention<Thread>(MOST.messages, ({ messages }) => messages.shift());
  #advancedDays = 0;
  // A random start: an ID that a bot has cached from an earlier simulator must not mean another asset here.
  #lastId = 1e15 + Math.floor(Math.random() * 7e15);

  constructor({ pages, people, clock, calls, content, windows }: PlatformParts) {
    super();
    this.#clock = clock;
    this.calls = calls;
    this.content = content;
    this.people = people;
    this.#windows = new Windows(windows, this.now(), (user) => people.get(user) !== undefined);
    for (const page of pages) this.#addPage(page);
  }

  page(id: string): Page | undefined {
    return this.#pages.get(id);
  }

  pages(): Page[] {
    return [...this.#pages.values()];
  }

  pageOfToken(token: string): Page | undefined {
    return this.#pagesByToken.get(token);
  }

  now(): number {
    return this.#clock() + this.#advancedDays * DAY;
  }

  advanceDays(days: number): Clock {
    this.#advancedDays += days;
    this.emit('clock', this.clock());
    return this.clock();
  }

  clock(): Clock {
    return { now: this.now(), advancedDays: this.#advancedDays };
  }

  /** Takes a file in: from here on it can stand in threads and be saved as an asset. */
  store(type: AttachmentType, file: IncomingFile): StoredFile {
    const { bytes, sha256 } = file;
    // They are shown, and no more.
    const [name, contentType] = [file.name.slice(0, MOST.name), file.contentType.slice(0, MOST.name)];
    this.content.keep(sha256, bytes, contentType);
    return { type, name, contentType, bytes: bytes.length, sha256, ...pictureSize(bytes) };
  }

  save(page: Page, file: StoredFile, options: SaveOptions): Asset {
    const asset = this.#assets.add(this.newId(), page.id, file, options);
    this.emit('asset', asset);
    return asset;
  }

  /** An ID of its own for an asset, a persona, a label. */
  newId(): string {
    this.#lastId += 1 + Math.floor(Math.random() * 9);
    return String(this.#lastId);
  }

  asset(id: string): Asset | undefined {
    return this.#assets.get(id);
  }

  /** The youngest `limit`, oldest first. */
  assets(limit?: number): Asset[] {
    return this.#assets.list(limit);
  }

  countUse(id: string): void {
    const asset = this.#assets.countUse(id);
    if (asset) this.emit('use', asset);
  }

  /** Makes an ID invalid before its time; says whether there is such an asset. */
  revoke(id: string): boolean {
    const asset = this.#assets.revoke(id);
    if (asset) this.emit('asset', asset);
    return asset !== undefined;
  }

  revokeAll(): number {
    return this.#assets.ids().filter((id) => this.revoke(id)).length;
  }

  /** Everyone with an ID of digits has a thread with every page, unless `setUser` says otherwise. */
  reachability(page: Page, user: string): Reachability {
    // A page is no person; nor is another page.
    if (!isId(user) || this.#pages.has(user)) return 'unknown';
    return this.#users.get(keyOf(page, user)) ?? 'available';
  }

  setUser(page: Page, user: string, reachability: Reachability): void {
    this.#users.set(keyOf(page, user), reachability);
    this.emit('changed');
  }

  /** Whom a page cannot reach, as `page:user`. */
  unavailable(): string[] {
    return [...this.#users].filter(([, reachability]) => reachability === 'unavailable').map(([key]) => key);
  }

  /** Lets a page write to a person, or to everyone, for 24 hours from now: as if they had just written. */
  openWindow(page: Page, user?: string): void {
    this.#windows.open(page.id, user, this.now());
    this.emit('changed');
  }

  /** Milliseconds since the person last wrote to the page; Infinity if never. */
  windowAge(page: Page, user: string): number {
    return this.#windows.age(page.id, user, this.now());
  }

  /** A copy, which later calls do not change; without messages if nobody has written yet. */
  thread(page: Page, user: string): Thread {
    return copyThread(this.#threads.get(keyOf(page, user)) ?? newThread(page, user));
  }

  addMessage(page: Page, user: string, message: Omit<ThreadMessage, 'mid' | 'at'>): ThreadMessage {
    const thread = this.#openThread(page, user);
    const added = { mid: this.#nextMessageId(), at: this.now(), ...message };
    thread.messages.push(added);
    this.#retention.add(thread, sizeOf(added));
    if (message.from === 'page') {
      thread.typing = false;
    } else {
      thread.seen = false;
      this.#windows.open(page.id, user, added.at);
    }
    this.emit('message', added, thread);
    return added;
  }

  setDelivery(page: Page, user: string, message: ThreadMessage, delivery: Delivery): void {
    message.delivery = delivery;
    this.emit('delivery', message, this.thread(page, user));
  }

  /** Changes a message of a thread; says whether there is such a message. */
  changeMessage(page: Page, user: string, mid: string, change: (message: ThreadMessage) => void): boolean {
    const thread = this.#threads.get(keyOf(page, user));
    const message = thread?.messages.find((one) => one.mid === mid);
    if (!thread || !message) return false;
    change(message);
    this.emit('delivery', message, thread);
    return true;
  }

  /** The app that has a thread, if it is not the bot's. */
  ownerOf(page: Page, user: string): string | undefined {
    return this.#threads.get(keyOf(page, user))?.owner;
  }

  /** Passes a thread to another app; without `app`, back to the bot. */
  setOwner(page: Page, user: string, app?: string): void {
    const thread = this.#openThread(page, user);
    if (app === undefined) delete thread.owner;
    else thread.owner = app;
    this.emit('thread', thread);
  }

  addEvent(page: Page, user: string, event: PersonEvent): void {
    const thread = this.#openThread(page, user);
    const after = thread.messages.at(-1)?.mid;
    thread.events.push({ ...event, at: this.now(), ...(after !== undefined && { after }) });
    if (thread.events.length > MOST.events) thread.events.shift();
    this.emit('thread', thread);
  }

  /** Those of the last `limit` that anyone wrote in, the last one first. */
  threads(limit: number): Thread[] {
    const at = ({ messages }: Thread) => messages.at(-1)?.at ?? 0;
    return [...this.#threads.values()].sort((a, b) => at(b) - at(a)).slice(0, limit);
  }

  counts(): { assetCount: number; threadCount: number } {
    return { assetCount: this.#assets.size, threadCount: this.#threads.size };
  }

  applySenderAction(page: Page, user: string, action: 'mark_seen' | 'typing_on' | 'typing_off'): void {
    const thread = this.#openThread(page, user);
    if (action === 'mark_seen') thread.seen = true;
    else thread.typing = action === 'typing_on';
    this.emit('thread', thread);
  }

  /** Remembers that a page has answered a comment or post; says whether it is the first time. */
  answerOnce(page: Page, what: string): boolean {
    const key = `${page.id}:${what}`;
    if (this.#answered.has(key)) return false;
    this.#answered.add(key);
    dropOldest(this.#answered, MOST.answered);
    return true;
  }

  /** A copy, which later calls do not change. */
  state(): State {
    return {
      pages: Array.from(this.#pages.values(), ({ id, name, secret }) => ({
        id,
        name,
        hasSecret: secret !== undefined,
      })),
      assets: this.assets(),
      threads: Array.from(this.#threads.values(), copyThread),
      clock: this.clock(),
    };
  }

  /** Back to the start; the pages stay. */
  reset(): void {
    this.#assets.clear();
    this.#threads.clear();
    this.#retention.clear();
    this.#users.clear();
    this.calls.clear();
    this.content.clear();
    this.#advancedDays = 0;
    this.#windows.clear(this.now());
    this.#answered.clear();
    this.accountLinks.clear();
    for (const page of this.#pages.values()) {
      page.profile.clear();
      page.personas.clear();
      page.labels.clear();
      page.subscribedFields = undefined;
    }
    this.emit('reset');
  }

  #addPage({ id, token, secret, name = `Page ${id}`, requireProof = true }: PageOptions): void {
    const page: Page = {
      id,
      token,
      secret,
      requireProof,
      name,
      profile: new Map(),
      personas: new Map(),
      labels: new Map(),
      subscribedFields: undefined,
    };
    this.#pages.set(id, page);
    this.#pagesByToken.set(token, page);
  }

  #openThread(page: Page, user: string): Thread {
    const key = keyOf(page, user);
    const thread = this.#threads.get(key) ?? newThread(page, user);
    this.#threads.delete(key); // Into the map again, as the youngest.
    this.#threads.set(key, thread);
    dropOldest(this.#threads, MOST.threads);
    return thread;
  }

  #nextMessageId(): string {
    this.#messages += 1;
    return `m_${this.#messageIds}${this.#messages.toString(36)}`;
  }
}

function newThread(page: Page, user: string): Thread {
  return { page: page.id, user, typing: false, seen: false, messages: [], events: [] };
}

function copyThread(thread: Thread): Thread {
  return { ...thread, messages: [...thread.messages], events: [...thread.events] };
}

function keyOf(page: Page, user: string): string {
  return `${page.id}:${user}`;
}
