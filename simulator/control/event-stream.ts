import { type RequestHandler, type Response } from 'express';
import { type BotUnderTest, botState, type BotState } from './bot-under-test';
import { type CallOutline, outlineOf } from './call-outline';
import { type GraphCall } from '../platform/call-log';
import { type Faults, faultName } from '../platform/faults';
import {
  type Changes,
  type PageOutline,
  type Snapshot,
  type Status,
  type ThreadOutline,
} from './event-model';
import { StatsCounter } from './stats';
import { type Page, type Thread } from '../platform/model';
import { type Platform } from '../platform/platform';
import { type Webhook } from '../platform/webhook';

/** How much a snapshot shows. */
const CALLS = 300;
const ASSETS = 300;
const THREADS = 100;
const WAITING = 100;

const PAUSE = 40;
const KEEP_ALIVE = 20_000;
/** A reader that is further behind than this gets a snapshot instead. */
const MAX_PENDING = 1000;

export interface EventStreamParts {
  platform: Platform;
  faults: Faults;
  webhook: Webhook;
  bot?: BotUnderTest | undefined;
}

/** Tells open UIs what happens: server-sent events, in batches that a slow reader cannot pile up. */
export class EventStream {
  readonly #parts: EventStreamParts;
  readonly #stats: StatsCounter;
  readonly #readers = new Set<Reader>();
  /** Calls that have no answer yet, and when each came. */
  readonly #waiting = new Map<GraphCall, number>();
  /** Calls that came before the log was cleared: their numbers now mean others. */
  readonly #forgotten = new WeakSet<GraphCall>();
  #bot: BotState | undefined;

  constructor(parts: EventStreamParts) {
    this.#parts = parts;
    const { platform } = parts;
    this.#stats = new StatsCounter(platform);
    platform.on('begin', (call) => {
      this.#waiting.set(call, performance.now());
      for (const reader of this.#readers) reader.schedule();
    });
    platform.on('call', (call) => {
      this.#waiting.delete(call);
      if (this.#forgotten.has(call)) return;
      const outline = this.outline(call);
      this.#stats.count(outline);
      this.#publish('calls', outline);
    });
    const tellMessage = (message: Thread['messages'][number], { page, user }: Thread) => {
      this.#publish('messages', { page, user, message });
    };
    platform.on('message', tellMessage);
    platform.on('delivery', tellMessage);
    platform.on('message', (_message, thread) => {
      this.#publish('threads', outlineOfThread(thread));
    });
    platform.on('thread', (thread) => {
      this.#publish('threads', outlineOfThread(thread));
    });
    for (const event of ['asset', 'use'] as const) {
      platform.on(event, (asset) => {
        this.#publish('assets', asset);
      });
    }
    platform.on('profile', (page) => {
      this.#publish('pages', outlineOfPage(page));
    });
    platform.on('clock', () => {
      this.#publish('status');
    });
    platform.on('changed', () => {
      void this.#lookAtBot();
    });
    for (const event of ['cleared', 'reset'] as const) {
      platform.on(event, () => {
        this.#stats.clear();
        for (const call of this.#waiting.keys()) this.#forgotten.add(call);
        this.#waiting.clear();
        for (const reader of this.#readers) reader.startOver();
      });
    }
  }

  outline(call: GraphCall): CallOutline {
    return outlineOf(call, (id) => this.#parts.platform.asset(id));
  }

  /** `GET /_sim/events` */
  readonly connect: RequestHandler = async (_req, res) => {
    await this.#lookAtBot();
    res.writeHead(200, {
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-store',
      'X-Accel-Buffering': 'no',
    });
    const reader = new Reader(
      res,
      () => this.#snapshot(),
      () => this.#status(),
    );
    this.#readers.add(reader);
    res.once('close', () => {
      this.#readers.delete(reader);
      reader.end();
    });
  };

  #publish(name: keyof Changes, change?: unknown): void {
    for (const reader of this.#readers) reader.add(name, change);
  }

  /** The bot's starter answers when it likes; what it said last is shown until then. */
  async #lookAtBot(): Promise<void> {
    const { bot } = this.#parts;
    try {
      if (bot) this.#bot = await botState(bot);
    } catch (error) {
      console.error('The functions for the bot under test failed:', error);
    }
    this.#publish('status');
  }

  #snapshot(): Snapshot {
    const { platform } = this.#parts;
    return {
      pages: platform.pages().map(outlineOfPage),
      people: platform.people
        .list()
        .map(({ id, name, picture }) => ({ id, name, hasPicture: picture !== undefined })),
      threads: platform.threads(THREADS).map(outlineOfThread),
      assets: platform.assets(ASSETS),
      calls: platform.calls
        .list(CALLS)
        .filter((call) => !this.#waiting.has(call))
        .map((call) => this.outline(call)),
      status: this.#status(),
    };
  }

  #status(): Status {
    const { platform, faults, webhook } = this.#parts;
    const called = webhook.state();
    return {
      clock: platform.clock(),
      stats: this.#stats.stats,
      ...platform.counts(),
      callCount: platform.calls.totals().calls,
      waiting: this.#waitingCalls(),
      waitingCount: this.#waiting.size,
      faults: faults.pending().map(({ fault, hits }) => ({
        name: faultName(fault),
        ...(fault.error && { code: fault.error.code }),
        ...(fault.error?.subcode !== undefined && { subcode: fault.error.subcode }),
        hits: fault.purpose ?? fault.path ?? 'any call',
        left: (fault.times ?? 1) - hits,
      })),
      delayMs: faults.delayMs,
      unavailable: platform.unavailable().slice(0, THREADS),
      ...(called && { webhook: called.url }),
      ...(this.#bot && { bot: this.#bot }),
    };
  }

  /** Those that have waited longest, which are the ones to look at. */
  #waitingCalls(): CallOutline[] {
    const now = performance.now();
    const longest: CallOutline[] = [];
    for (const [call, since] of this.#waiting) {
      if (longest.length === WAITING) break;
      longest.push({ ...this.outline(call), ms: Math.round(now - since) });
    }
    return longest;
  }
}

/** One open UI. */
class Reader {
  readonly #res: Response;
  readonly #snapshot: () => Snapshot;
  readonly #status: () => Status;
  readonly #keepAlive: NodeJS.Timeout;
  #pending: Record<keyof Changes, unknown[]> = noChanges();
  #count = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(res: Response, snapshot: () => Snapshot, status: () => Status) {
    this.#res = res;
    this.#snapshot = snapshot;
    this.#status = status;
    this.#write('snapshot', snapshot());
    this.#keepAlive = setInterval(() => res.write(': alive\n\n'), KEEP_ALIVE).unref();
  }

  add(name: keyof Changes, change: unknown): void {
    this.#count += 1;
    if (this.#count <= MAX_PENDING) this.#pending[name].push(change);
    this.schedule();
  }

  /** Everything that the UI shows is gone or wrong. */
  startOver(): void {
    this.#count = Infinity;
    this.schedule();
  }

  end(): void {
    clearTimeout(this.#timer);
    clearInterval(this.#keepAlive);
  }

  /** Tells the status soon, with whatever else has come until then. */
  schedule(): void {
    this.#timer ??= setTimeout(() => {
      if (!this.#res.writableNeedDrain) this.#flush();
      else {
        this.#res.once('drain', () => {
          this.#flush();
        });
      }
    }, PAUSE).unref();
  }

  #flush(): void {
    const changes = this.#pending;
    const isFarBehind = this.#count > MAX_PENDING;
    this.#pending = noChanges();
    this.#count = 0;
    this.#timer = undefined;
    if (isFarBehind) {
      this.#write('snapshot', this.#snapshot());
      return;
    }
    const told = Object.fromEntries(Object.entries(changes).filter(([, list]) => list.length > 0));
    this.#write('changes', { ...told, status: this.#status() });
  }

  #write(event: string, data: object): void {
    this.#res.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }
}

function noChanges(): Record<keyof Changes, unknown[]> {
  return { calls: [], messages: [], threads: [], pages: [], assets: [], status: [] };
}

function outlineOfPage({ id, name, profile }: Page): PageOutline {
  return { id, name, profile: Object.fromEntries(profile) };
}

function outlineOfThread({ page, user, typing, seen, owner, messages }: Thread): ThreadOutline {
  const last = messages.at(-1);
  return {
    ...{ page, user, typing, seen, count: messages.length },
    ...(owner !== undefined && { owner }),
    ...(last && { last }),
  };
}
