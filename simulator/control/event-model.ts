import { type CallOutline } from './call-outline';
import { type BotState } from './bot-under-test';
import { type Stats } from './stats';
import { type Asset, type Clock, type Thread, type ThreadMessage } from '../platform/model';

/** What a page in a browser is told by `GET /_sim/events`: a `snapshot` first, then `changes`. */
export interface Snapshot {
  pages: PageOutline[];
  /** Those who have a name. */
  people: { id: string; name: string; hasPicture: boolean }[];
  threads: ThreadOutline[];
  /** The youngest. */
  assets: Asset[];
  /** The last. */
  calls: CallOutline[];
  status: Status;
}

export interface PageOutline {
  id: string;
  name: string;
  /** What the bot has set at /me/messenger_profile. */
  profile: Record<string, unknown>;
}

/** What has come since; each list in its order, and without what has not come. */
export interface Changes {
  calls?: CallOutline[];
  messages?: ThreadChange[];
  threads?: ThreadOutline[];
  pages?: PageOutline[];
  assets?: Asset[];
  status?: Status;
}

export interface ThreadChange {
  page: string;
  user: string;
  /** New, or known and changed. */
  message: ThreadMessage;
}

/** A thread without what was done in it. */
export interface ThreadOutline extends Omit<Thread, 'messages' | 'events'> {
  count: number;
  last?: ThreadMessage;
}

/** What is small enough to be told as a whole. */
export interface Status {
  clock: Clock;
  stats: Stats;
  assetCount: number;
  threadCount: number;
  callCount: number;
  /** Calls that have no answer yet, with the milliseconds so far: those that have waited longest. */
  waiting: CallOutline[];
  waitingCount: number;
  faults: ShownFault[];
  /** Milliseconds by which every call is slowed down. */
  delayMs: number;
  /** Whom a page cannot reach, as `page:user`. */
  unavailable: string[];
  webhook?: string;
  bot?: BotState;
}

export interface ShownFault {
  name: string;
  /** Of the error that it answers with. */
  code?: number;
  subcode?: number;
  /** What it waits for: "send-id", "/messages", "any call". */
  hits: string;
  /** How many calls it will still hit. */
  left: number;
}
