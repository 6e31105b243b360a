import type { Attachment, Send } from '../contenders';
import { atOnce, newRecipients } from './at-once';
import { timed, type Round, type Turn } from './contest';

/** A turn of so many sends, each to another person. */
export function sendAll(sends: number, send: Send, attachment: Attachment): Turn<Round> {
  const recipient = newRecipients();
  return timed(() => atOnce(sends, () => send(recipient(), attachment)));
}
