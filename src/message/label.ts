import { redact, withoutQuery } from '../base/redact';
import { isRecord } from '../base/records';
import type { GraphParams } from '../graph/request';

/** How many attachments of one message an error names. */
const MOST_NAMED = 5;

const DATA_URI = /^\s*data:/i;

/**
 * What errors call an attachment that was not looked at: a web address loses its query string, content is not shown.
 */
export function labelOf(type: string, payload: unknown): string {
  const { url } = isRecord(payload) ? payload : {};
  const address = url instanceof URL ? url.href : url;
  if (typeof address !== 'string') return type;
  return DATA_URI.test(address) ? `${type} from a data: URI` : `${type} ${withoutQuery(redact(address))}`;
}

/** What errors call a message: by its attachments, or as a text. */
export function labelOfPart({ message }: GraphParams): string {
  if (!isRecord(message)) return 'a sender action';
  const { attachment, attachments, text } = message;
  if (Array.isArray(attachments)) return labelOfSeveral(attachments);
  if (!isRecord(attachment)) return typeof text === 'string' ? 'a text' : 'a message';
  const { type, payload } = attachment;
  return typeof type === 'string' ? labelOf(type, payload) : 'an attachment';
}

/** The platform does not say which one it means, so all of them are named, as far as that is readable. */
function labelOfSeveral(attachments: readonly unknown[]): string {
  const named = attachments.slice(0, MOST_NAMED).map((attachment) => {
    const { type, payload } = isRecord(attachment) ? attachment : {};
    return typeof type === 'string' ? labelOf(type, payload) : 'an attachment';
  });
  const more = attachments.length - named.length;
  return [...named, ...(more > 0 ? [`${more} more`] : [])].join(' and ');
}
