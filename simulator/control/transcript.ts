import { isObject } from '../base/check';
import { type PersonEvent, type Thread, type ThreadAttachment, type ThreadMessage } from '../platform/model';

/**
 * What happened in a thread, as plain data without what differs from run to run: message and attachment IDs, times,
 * addresses. Messages are named by their place in the list, counted from 0.
 */
export type Transcript = TranscriptEntry[];

export type TranscriptEntry = TranscriptMessage | TranscriptEvent;

/** What was written, tapped or sent. */
export interface TranscriptMessage {
  from: 'user' | 'page';
  text?: string;
  attachments?: TranscriptFile[];
  template?: unknown;
  quick_replies?: unknown;
  sticker_id?: unknown;
  payload?: string;
  postback?: true;
  referral?: ThreadMessage['referral'];
  location?: ThreadMessage['location'];
  reply_to?: number;
  tag?: unknown;
}

/** What else a person did: {@link PersonEvent}, with the place of the message that it is about. */
export interface TranscriptEvent {
  from: 'user';
  event: PersonEvent['type'];
  to?: number;
  emoji?: string;
  ref?: string;
  adId?: string;
  authorizationCode?: string;
  metadata?: string;
}

export interface TranscriptFile {
  type: ThreadAttachment['type'];
  name: string;
  sha256: string;
  /** In Base64, of what the person sent, if it was asked for: without it, this cannot be sent again. */
  content?: string;
}

type ContentOf = (sha256: string) => Buffer | undefined;

/** @param contentOf Gives the bytes of what a person sent, to be kept in the transcript. Default: they are not kept */
export function transcriptOf(thread: Thread, contentOf?: ContentOf): Transcript {
  return placedEntriesOf(thread, contentOf).map(({ entry }) => entry);
}

/** The entries with the IDs of those that are messages. */
export function placedEntriesOf(
  thread: Thread,
  contentOf?: ContentOf,
): { mid?: string; entry: TranscriptEntry }[] {
  const places = new Map<string, number>();
  const entries: { mid?: string; entry: TranscriptEntry }[] = [];
  const addEvents = (after: string | undefined) => {
    for (const event of thread.events) {
      if (event.after === after) entries.push({ entry: entryOfEvent(event, places) });
    }
  };
  addEvents(undefined);
  for (const message of thread.messages) {
    const { mid } = message;
    places.set(mid, entries.length);
    entries.push({ mid, entry: entryOf(message, places, contentOf) });
    addEvents(mid);
  }
  return entries;
}

function entryOf(
  message: ThreadMessage,
  places: ReadonlyMap<string, number>,
  contentOf?: ContentOf,
): TranscriptMessage {
  const { from, attachments, template, reply_to: replyTo } = message;
  const place = typeof replyTo === 'string' ? places.get(replyTo) : undefined;
  const files = attachments.map(({ type, name, sha256 }) => {
    const bytes = from === 'user' ? contentOf?.(sha256) : undefined;
    return { type, name, sha256, ...(bytes && { content: bytes.toString('base64') }) };
  });
  const {
    text,
    payload,
    postback,
    referral,
    location,
    quick_replies: replies,
    sticker_id: sticker,
    tag,
  } = message;
  return {
    from,
    ...(text !== undefined && { text }),
    ...(files.length > 0 && { attachments: files }),
    ...(template !== undefined && { template: withoutIds(template) }),
    ...(replies !== undefined && { quick_replies: replies }),
    ...(sticker !== undefined && { sticker_id: sticker }),
    ...(payload !== undefined && { payload }),
    ...(postback && { postback }),
    ...(referral && { referral }),
    ...(location && { location }),
    ...(place !== undefined && { reply_to: place }),
    ...(tag !== undefined && { tag }),
  };
}

function entryOfEvent(event: Thread['events'][number], places: ReadonlyMap<string, number>): TranscriptEvent {
  const { type, ...more } = event;
  const to = 'mid' in more ? places.get(more.mid) : undefined;
  const rest = Object.entries(more).filter(
    ([name, value]) => value !== undefined && !['at', 'after', 'mid'].includes(name),
  );
  return { from: 'user', event: type, ...(to !== undefined && { to }), ...Object.fromEntries(rest) };
}

/** The attachment of a media template stands beside it by its content. */
function withoutIds(template: unknown): unknown {
  if (Array.isArray(template)) return template.map(withoutIds);
  if (!isObject(template)) return template;
  return Object.fromEntries(
    Object.entries(template)
      .filter(([name]) => name !== 'attachment_id')
      .map(([name, value]) => [name, withoutIds(value)]),
  );
}
