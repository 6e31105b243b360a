import { batch, computed, effect, signal } from '@preact/signals';
import { type CallOutline } from '../control/call-outline';
import { type Changes, type Snapshot, type Status, type ThreadOutline } from '../control/event-model';
import { type Asset, type ThreadMessage } from '../platform/model';
import { get } from './api';
import { findRecoveries, stepsByCall } from './recovery';
import { go, route } from './route';

/** What is shown is bounded, whatever happens. */
export const MAX_CALLS = 300;
const MAX_ASSETS = 300;
const MAX_MESSAGES = 200;
const MAX_THREADS = 200;

export const isConnected = signal(false);
export const pages = signal<Snapshot['pages']>([]);
/** Those who have a name, by ID. */
export const people = signal<ReadonlyMap<string, Snapshot['people'][number]>>(new Map());
export const threads = signal<ReadonlyMap<string, ThreadOutline>>(new Map());
export const assets = signal<ReadonlyMap<string, Asset>>(new Map());
export const calls = signal<readonly CallOutline[]>([]);
export const status = signal<Status | undefined>(undefined);
export const messages = signal<readonly ThreadMessage[]>([]);

/** The simulator's clock. */
export const now = signal(Date.now());
const clockOffset = computed(() => {
  const told = status.value?.clock.now;
  return told === undefined ? 0 : told - Date.now();
});

export const page = computed(() => {
  const { page: asked } = route.value;
  return pages.value.find(({ id }) => id === asked) ?? pages.value[0];
});
/** Changes when another thread is opened, or when this one must be loaded anew. */
export const snapshots = signal(0);
const openThread = computed(() => `${page.value?.id ?? ''}:${route.value.user}:${snapshots.value}`);
export const thread = computed(() => threads.value.get(keyOf(page.value?.id ?? '', route.value.user)));
/** A call as it is shown: one that has no answer yet counts the time. */
export interface ShownCall extends CallOutline {
  /** When it came, by `performance.now()`, if it still waits. */
  waitingSince?: number;
}

/** When the status came: the milliseconds in it count from then on. */
let statusAt = performance.now();
const waitingCalls = computed<ShownCall[]>(() =>
  (status.value?.waiting ?? []).map((call) => ({ ...call, waitingSince: statusAt - call.ms })),
);
/** All in the order in which they came, whether they have ended or not. */
export const shownCalls = computed<readonly ShownCall[]>(() => {
  if (waitingCalls.value.length === 0) return calls.value;
  return [...calls.value, ...waitingCalls.value].sort((a, b) => a.number - b.number);
});
/** `performance.now()`, at least once a second while a call waits. */
export const tick = signal(performance.now());
export const recoveries = computed(() => findRecoveries(calls.value));
export const steps = computed(() => stepsByCall(recoveries.value));
export const callsByMessage = computed(
  () => new Map(calls.value.flatMap((call) => (call.mid === undefined ? [] : [[call.mid, call] as const]))),
);

export function keyOf(pageId: string, user: string): string {
  return `${pageId}:${user}`;
}

export function isAlive({ alive, expiresAt }: Asset): boolean {
  return alive && now.value < expiresAt;
}

/** Lets the simulator tell what happens, and the thread that is open follow. */
export function connect(): void {
  const source = new EventSource('/_sim/events');
  const inbox = new Inbox();
  source.addEventListener('snapshot', ({ data }: MessageEvent<string>) => {
    inbox.take(() => {
      takeSnapshot(JSON.parse(data) as Snapshot);
    });
  });
  source.addEventListener('changes', ({ data }: MessageEvent<string>) => {
    inbox.take(() => {
      takeChanges(JSON.parse(data) as Changes);
    });
  });
  source.addEventListener('open', () => (isConnected.value = true));
  source.addEventListener('error', () => (isConnected.value = false));

  const readClock = () => (now.value = Date.now() + clockOffset.value);
  setInterval(readClock, 10_000);
  effect(() => {
    if (waitingCalls.value.length === 0) return undefined;
    const counting = setInterval(() => (tick.value = performance.now()), 1000);
    return () => {
      clearInterval(counting);
    };
  });
  effect(() => {
    readClock();
  });
  effect(() => {
    const [pageId = '', user = ''] = openThread.value.split(':');
    messages.value = [];
    if (pageId !== '') void loadThread(pageId, user);
  });
}

/** What came since the last frame is shown in one go. A hidden page has no frames, and must not pile up. */
class Inbox {
  #waiting: (() => void)[] = [];

  take(change: () => void): void {
    this.#waiting.push(change);
    if (document.hidden || this.#waiting.length > 20) this.#apply();
    else if (this.#waiting.length === 1)
      requestAnimationFrame(() => {
        this.#apply();
      });
  }

  #apply(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    batch(() => {
      for (const change of waiting) change();
    });
  }
}

function takeSnapshot(snapshot: Snapshot): void {
  isConnected.value = true;
  pages.value = snapshot.pages;
  people.value = new Map(snapshot.people.map((person) => [person.id, person]));
  threads.value = new Map(snapshot.threads.map((one) => [keyOf(one.page, one.user), one]));
  assets.value = new Map(snapshot.assets.map((asset) => [asset.id, asset]));
  calls.value = snapshot.calls;
  takeStatus(snapshot.status);
  snapshots.value += 1;
  const [first] = snapshot.pages;
  if (route.peek().page !== undefined || !first) return;
  const [person] = new URLSearchParams(location.search).has('user') ? [] : snapshot.people;
  go({ page: first.id, ...(person && { user: person.id }) }, { replace: true });
}

function takeChanges(changes: Changes): void {
  if (changes.calls) {
    // They come as they end; they are shown as they began.
    const all = new Map([...calls.value, ...changes.calls].map((call) => [call.number, call]));
    calls.value = [...all.values()].sort((a, b) => a.number - b.number).slice(-MAX_CALLS);
  }
  if (changes.threads) {
    threads.value = changed(
      threads.value,
      changes.threads.map((one) => [keyOf(one.page, one.user), one]),
      MAX_THREADS,
    );
  }
  if (changes.pages) {
    const all = new Map([...pages.value, ...changes.pages].map((one) => [one.id, one]));
    pages.value = [...all.values()];
  }
  if (changes.assets) {
    assets.value = changed(
      assets.value,
      changes.assets.map((asset) => [asset.id, asset]),
      MAX_ASSETS,
    );
  }
  if (changes.status) takeStatus(changes.status);
  const isOpen = (one: { page: string; user: string }) =>
    one.page === page.value?.id && one.user === route.value.user;
  const here = changes.messages?.filter(isOpen).map(({ message }) => message) ?? [];
  if (here.length > 0) messages.value = merged(messages.value, here);
}

function takeStatus(told: Status): void {
  statusAt = performance.now();
  tick.value = statusAt;
  status.value = told;
}

function changed<T>(known: ReadonlyMap<string, T>, entries: [string, T][], limit: number): Map<string, T> {
  const all = new Map(known);
  for (const [key, value] of entries) all.set(key, value);
  for (const key of [...all.keys()].slice(0, Math.max(0, all.size - limit))) all.delete(key);
  return all;
}

/** The newer word on a message counts; it stays where it is. */
function merged(known: readonly ThreadMessage[], news: readonly ThreadMessage[]): ThreadMessage[] {
  const all = new Map(known.map((message) => [message.mid, message]));
  for (const message of news) all.set(message.mid, message);
  return [...all.values()].slice(-MAX_MESSAGES);
}

async function loadThread(pageId: string, user: string): Promise<void> {
  const loaded = await get<{ messages: ThreadMessage[] }>(`/threads/${pageId}/${user}?last=${MAX_MESSAGES}`);
  if (page.peek()?.id !== pageId || route.peek().user !== user) return;
  // What has come meanwhile is newer.
  messages.value = merged(loaded.messages, messages.peek());
}
