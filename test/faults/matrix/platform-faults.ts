import type { Fault } from 'messenger-platform-simulator';
import { ARRIVES, ARRIVES_UNSEEN, REPORTED, type Outcome } from './cell';
import type { Way } from './ways';

/**
 * What an upload that fails so asks for: another try; or the message in one step instead; or a report at once, because
 * the platform would refuse that too.
 */
type AfterUpload = 'again' | 'one step' | 'hopeless';

/** Something that the platform, or the network before it, does to a call. */
export interface PlatformFault {
  readonly name: string;
  readonly fault: Fault;
  /** What comes of a send that it hits. */
  readonly send?: Outcome;
  readonly upload?: AfterUpload;
  /** It is about the content, so a send by ID that it hits goes again without the ID. */
  readonly isAboutContent?: true;
  /** What comes of an upload from an address, if that is not `upload`. */
  readonly fetch?: AfterUpload;
  /** It takes a client that does not wait long. */
  readonly hangs?: true;
}

const graphError = (code: number, subcode?: number): Fault => ({
  error: { code, ...(subcode !== undefined && { subcode }) },
});

/** Nobody can know whether the platform has carried the call out: a send is never repeated. */
const UNKNOWN_FATE: readonly PlatformFault[] = [
  { name: 'is cut off before it', fault: { reset: 'before' }, send: REPORTED },
  { name: 'is cut off in its middle', fault: { reset: 'during' }, send: REPORTED },
  { name: 'is carried out and then cut off', fault: { reset: 'after' }, send: ARRIVES_UNSEEN },
  { name: 'is cut off in the answer', fault: { reset: 'answer' }, send: ARRIVES_UNSEEN },
  { name: 'gets 500', fault: { status: 500, body: {} }, send: REPORTED },
  {
    name: 'is carried out and gets 500',
    fault: { status: 500, body: {}, accept: true },
    send: ARRIVES_UNSEEN,
  },
  {
    name: 'is carried out and gets 1/1357046',
    fault: { ...graphError(1, 1357046), accept: true },
    send: ARRIVES_UNSEEN,
  },
  { name: 'gets 2', fault: graphError(2), send: REPORTED },
  { name: 'gets an HTML page', fault: { status: 502, body: '<html>Bad gateway</html>' }, send: REPORTED },
  {
    name: 'is carried out and gets an HTML page with status 200',
    fault: { status: 200, body: '<html>Welcome</html>', accept: true },
    send: ARRIVES_UNSEEN,
  },
  {
    name: 'is carried out and gets cut JSON',
    fault: { status: 200, body: '{"recipient_id":"7001","mess', accept: true },
    send: ARRIVES_UNSEEN,
  },
  {
    name: 'is carried out and gets an empty body',
    fault: { status: 200, body: '', accept: true },
    send: ARRIVES_UNSEEN,
  },
  {
    name: 'is carried out and gets an answer without IDs',
    fault: { drop: ['attachment_id', 'message_id'] },
    send: ARRIVES_UNSEEN,
  },
  { name: 'gets no answer', fault: { hang: true }, send: REPORTED, hangs: true },
  {
    name: 'is carried out and gets no answer',
    fault: { hang: true, accept: true },
    send: ARRIVES_UNSEEN,
    hangs: true,
  },
].map((fault) => ({ ...fault, upload: 'again' as const }) as PlatformFault);

const RATE_LIMITS: readonly PlatformFault[] = [
  {
    name: 'gets a rate limit with Retry-After: 1',
    fault: { ...graphError(613), status: 429, headers: { 'Retry-After': '1' } },
    send: REPORTED,
    upload: 'again',
  },
  { name: 'gets a rate limit', fault: graphError(4), send: REPORTED, upload: 'again' },
  {
    name: 'gets a rate limit with Retry-After: 3600',
    fault: { ...graphError(4), headers: { 'Retry-After': '3600' } },
    upload: 'one step',
  },
  {
    name: 'gets a rate limit every time',
    // A media template would wait 60 s for the end of shorter ones.
    fault: { ...graphError(32), times: Infinity, headers: { 'Retry-After': '120' } },
    upload: 'one step',
  },
  { name: 'gets 500 every time', fault: { status: 500, body: '', times: Infinity }, upload: 'one step' },
  { name: 'is cut off every time', fault: { reset: 'during', times: Infinity }, upload: 'one step' },
];

const refusal = (code: number, subcode?: number): PlatformFault => ({
  name: `is refused with ${[code, subcode].filter(Boolean).join('/')}`,
  fault: graphError(code, subcode),
  send: REPORTED,
  upload: 'hopeless',
});

const REFUSALS: readonly PlatformFault[] = [
  ...[2018008, 2018047].map((subcode): PlatformFault => ({
    ...refusal(100, subcode),
    isAboutContent: true,
    fetch: 'again',
  })),
  ...[2018294, 2018109].map((subcode): PlatformFault => ({ ...refusal(100, subcode), isAboutContent: true })),
  refusal(190),
  refusal(200),
];

/** The recipient's or the app's matter. */
const OTHER_REFUSALS: readonly PlatformFault[] = [
  { name: 'is refused with 551/1545041', fault: graphError(551, 1545041), send: REPORTED },
  { name: 'is refused with 10/2018278', fault: graphError(10, 2018278), send: REPORTED },
  { name: 'finds each ID dead', fault: { ...graphError(100, 2018074), times: Infinity }, send: REPORTED },
];

const HARMLESS: readonly PlatformFault[] = [
  { name: 'is answered late', fault: { delayMs: 300 }, send: ARRIVES, upload: 'again' },
];

export const PLATFORM_FAULTS = [...UNKNOWN_FATE, ...RATE_LIMITS, ...REFUSALS, ...OTHER_REFUSALS, ...HARMLESS];

/** What must come of a message when its send fails so. */
export function afterSend({ isAboutContent }: PlatformFault, send: Outcome, way: Way): Outcome {
  return isAboutContent && !way.inOneStep ? ARRIVES : send;
}

/** What must come of a message when its upload fails so. */
export function afterUpload(upload: AfterUpload, way: Way): Outcome {
  // It arrives in one step, whatever becomes of the new ID.
  if (way.upload === 'behind') return ARRIVES;
  if (upload === 'again') return ARRIVES;
  if (upload === 'hopeless') return REPORTED;
  // Attachments in a media template go by ID or not at all.
  return way.isTemplate ? REPORTED : ARRIVES;
}
