import { createHash } from 'node:crypto';
import { z } from 'zod';
import { objectParam } from './params';
import { alreadyAnswered, unknownUser, userUnavailable } from './errors';
import { type Page } from '../platform/model';
import { type Platform } from '../platform/platform';

const text = z.string().min(1).max(500);

/**
 * reference/send-api#recipient: one of these. `id` is a person's; the others stand for somebody who has never written.
 * There are no phone numbers here.
 */
const recipient = z.union([
  z.strictObject({ id: z.union([z.string(), z.number()]).transform(String) }),
  z.strictObject({ comment_id: text }),
  z.strictObject({ post_id: text }),
  z.strictObject({ user_ref: text }),
  z.strictObject({ notification_messages_token: text }),
  z.strictObject({ one_time_notif_token: text }),
]);

export interface Recipient {
  /** The thread that the message goes to. */
  user: string;
  /** A person whose 24-hour window counts. */
  hasWindow: boolean;
  /** The answer gives the person's ID. It does not for a `user_ref`: reference/send-api. */
  isNamed: boolean;
  /** What a page may answer once: a comment, a post, a one-time token. */
  once?: string;
}

const ONCE = ['comment_id', 'post_id', 'one_time_notif_token'];

/** Throws a `GraphError` for somebody whom the page cannot write to. */
export function recipientOf(platform: Platform, page: Page, value: unknown): Recipient {
  objectParam(value, 'recipient');
  const { data } = recipient.safeParse(value);
  if (!data) throw unknownUser();
  if (!('id' in data)) {
    const [entry] = Object.entries(data);
    const [kind = '', token = ''] = entry ?? [];
    const key = `${kind}:${token}`;
    return {
      user: personBehind(page, key),
      hasWindow: false,
      isNamed: kind !== 'user_ref',
      ...(ONCE.includes(kind) && { once: key }),
    };
  }
  const reachability = platform.reachability(page, data.id);
  if (reachability === 'unknown') throw unknownUser();
  if (reachability === 'unavailable') throw userUnavailable();
  return { user: data.id, hasWindow: true, isNamed: true };
}

/**
 * graph-api/reference/page/messages: 10900. Called when everything else is right, so that a refused message uses
 * nothing up.
 */
export function useOnce(platform: Platform, page: Page, { once }: Recipient): void {
  if (once !== undefined && !platform.answerOnce(page, once)) throw alreadyAnswered();
}

/** The same token is always the same person. */
function personBehind(page: Page, key: string): string {
  const digest = createHash('sha256').update(`${page.id}:${key}`).digest();
  return `5${String(digest.readBigUInt64BE() % 1_000_000_000_000_000n).padStart(15, '0')}`;
}
