import type * as Diff from 'diff';
import { setTimeout as delay } from 'node:timers/promises';
import { InputError, isObject } from '../base/check';
import { type SimulatorOperations, type UserAction } from '../control/operations';
import {
  placedEntriesOf,
  type Transcript,
  type TranscriptEntry,
  type TranscriptEvent,
  type TranscriptFile,
  type TranscriptMessage,
  transcriptOf,
} from '../control/transcript';
import { type Delivery, type Thread } from '../platform/model';
import { type SentFile } from '../platform/person-actions';
import { ConversationError } from './errors';
import { contentTypeOf } from './files';
import { Turn, type WaitOptions } from './turn';

/** Milliseconds that a person needs at least for the next step. */
const STEP_PAUSE = 300;

/** Milliseconds that a bot has to pass a thread on that somebody is about to hand back. */
const PASS_TIMEOUT = 2000;
const STEP = 10;

export interface ReplayOptions extends Omit<WaitOptions, 'atLeast'> {
  /**
   * What two entries are compared by: changes what may differ from run to run, such as a date or an address with a
   * port, and leaves the entry itself as it is. Default: the entry
   */
  normalize?: ((entry: TranscriptEntry) => TranscriptEntry) | undefined;
}

/** Whose conversation it is. */
interface Who {
  operations: SimulatorOperations;
  page: string;
  user: string;
}

/**
 * Does what the person does in a transcript, and compares what the bot does with what it did then.
 *
 * @throws ConversationError with the code `transcript_differs` at the first turn in which the bot does something else.
 */
export async function replay(who: Who, transcript: Transcript, options: ReplayOptions): Promise<Transcript> {
  const { normalize = (entry: TranscriptEntry) => entry, ...wait } = options;
  checkTranscript(transcript);
  if (threadOf(who).messages.length > 0) {
    throw new InputError(
      `Expected a person who has no messages yet, to replay a transcript; user ${who.user} has some`,
    );
  }
  const comparable = (entries: Transcript) =>
    entries.map((entry) => JSON.stringify(normalize(withoutContent(entry)), null, 2)).join('\n');
  for (const [begin, end] of turnsOf(transcript)) {
    const problem = await playTurn(who, transcript.slice(begin, end), wait);
    const expected = comparable(transcript.slice(0, end));
    const actual = comparable(transcriptOf(threadOf(who)));
    if (expected !== actual) throw difference(transcript, begin, expected, actual, problem);
  }
  return transcriptOf(threadOf(who));
}

/** It may come from a file. */
function checkTranscript(transcript: unknown): asserts transcript is Transcript {
  if (!Array.isArray(transcript) || !transcript.every(isEntry)) {
    throw new InputError('Expected a transcript to be a list of entries that are from "user" or "page"');
  }
  if (transcript[0]?.from !== 'user') {
    throw new InputError(
      `Expected a transcript to begin with what the person does, got ${transcript[0] ? 'a message of the page' : 'nothing'}`,
    );
  }
}

function isEntry(entry: unknown): entry is TranscriptEntry {
  return isObject(entry) && ['user', 'page'].some((from) => from === entry['from']);
}

/**
 * From where to where: what the person does before the bot is waited for, and what the bot does then.
 */
function turnsOf(transcript: Transcript): [begin: number, end: number][] {
  const begins = transcript.flatMap(({ from }, at) =>
    from === 'user' && transcript[at - 1]?.from !== 'user' ? [at] : [],
  );
  return begins.map((begin, at) => [begin, begins[at + 1] ?? transcript.length]);
}

/** @returns Why the bot has sent less than was expected, if it has: what that is, the difference shows. */
async function playTurn(who: Who, entries: Transcript, wait: WaitOptions): Promise<string> {
  const steps = entries.filter(({ from }) => from === 'user');
  const turn = new Turn(who.operations.events, who.page, who.user);
  const delivered = playAll(who, steps);
  try {
    await turn.end(delivered, nameOf(steps[0]), { ...wait, atLeast: entries.length - steps.length });
    return '';
  } catch (error) {
    if (error instanceof ConversationError && error.code === 'no_reply') return error.message;
    throw error;
  }
}

/** One after the other, so that the bot hears them in this order, but without waiting for a bot that takes its time. */
async function playAll(who: Who, steps: Transcript): Promise<Delivery> {
  const told: Promise<Delivery>[] = [];
  for (const step of steps) {
    const delivery = play(who, step);
    told.push(delivery);
    await Promise.race([delivery, delay(STEP_PAUSE)]);
  }
  return (await Promise.all(told)).find((one) => !one.delivered) ?? { delivered: true };
}

function play(who: Who, step: TranscriptEntry): Promise<Delivery> {
  return 'event' in step ? playEvent(who, step) : playMessage(who, step);
}

async function playEvent(who: Who, step: TranscriptEvent): Promise<Delivery> {
  const { operations, page, user } = who;
  if (step.event === 'hand_back') await untilPassedOn(who);
  const mid = step.to === undefined ? {} : { mid: midAt(who, step.to) };
  const more = Object.entries(step).filter(([name]) => !['from', 'event', 'to'].includes(name));
  return operations.act({ page, user, type: step.event, ...Object.fromEntries(more), ...mid } as UserAction);
}

/** A bot may pass a thread on after it has answered the webhook. */
async function untilPassedOn(who: Who): Promise<void> {
  const begun = performance.now();
  while (threadOf(who).owner === undefined) {
    if (performance.now() - begun > PASS_TIMEOUT) {
      throw new ConversationError(
        'transcript_differs',
        'The bot differs from the transcript: it has not passed the thread on, so nobody can hand it back',
      );
    }
    await delay(STEP);
  }
}

async function playMessage(who: Who, said: TranscriptMessage): Promise<Delivery> {
  const { operations, page, user } = who;
  const { text, payload, postback, referral, location, sticker_id: sticker, reply_to: replyTo } = said;
  return operations.say({
    page,
    user,
    text,
    payload,
    postback,
    referral,
    attachments: said.attachments?.map(fileOf),
    sticker: typeof sticker === 'string' || typeof sticker === 'number' ? String(sticker) : undefined,
    location,
    replyTo: replyTo === undefined ? undefined : midAt(who, replyTo),
  });
}

function fileOf({ type, name, content }: TranscriptFile): SentFile {
  if (content === undefined) {
    throw new InputError(
      `Expected the transcript to have the content of ${name}; take it with transcript({ content: true })`,
    );
  }
  return { type, name, contentType: contentTypeOf(name), bytes: Buffer.from(content, 'base64') };
}

function midAt(who: Who, place: number): string | undefined {
  return placedEntriesOf(threadOf(who))[place]?.mid;
}

function threadOf({ operations, page, user }: Who): Thread {
  return operations.thread(page, user);
}

function withoutContent(entry: TranscriptEntry): TranscriptEntry {
  if ('event' in entry || !entry.attachments) return entry;
  return {
    ...entry,
    attachments: entry.attachments.map(({ type, name, sha256 }) => ({ type, name, sha256 })),
  };
}

function difference(
  transcript: Transcript,
  begin: number,
  expected: string,
  actual: string,
  problem: string,
): ConversationError {
  // Only here, because the simulator starts sooner without it; not by `import()`, which Jest does not run.
  const { createTwoFilesPatch } = require('diff') as typeof Diff;
  const patch = createTwoFilesPatch('transcript', 'bot', `${expected}\n`, `${actual}\n`, '', '', {
    context: 4,
  });
  const [, ...lines] = patch.split('\n');
  return new ConversationError(
    'transcript_differs',
    `The bot differs from the transcript after ${nameOf(transcript[begin])} (entry ${begin + 1} of ${transcript.length}):\n` +
      lines.join('\n') +
      problem,
  );
}

/** What a person did, in a few words. */
function nameOf(entry: TranscriptEntry | undefined): string {
  if (!entry) return 'nothing';
  if ('event' in entry) return entry.event;
  return entry.text === undefined ? 'what was sent' : `"${entry.text}"`;
}
