import assert from 'node:assert/strict';
import type { Simulator, ThreadAttachment, ThreadMessage } from 'messenger-platform-simulator';
import { PAGE } from './pages';

/** What stands in a thread, as the user sees it. */
export interface Arrival {
  readonly message: ThreadMessage;
  readonly attachment: ThreadAttachment;
}

/** All that a page has sent to a user, oldest first. */
export function arrived(sim: Simulator, user = '7001', page = PAGE.id): ThreadMessage[] {
  return sim.thread(page, user).messages.filter(({ from }) => from === 'page');
}

/** The one message that a page has sent to a user, and the one attachment in it. Fails if there is any more or less. */
export function onlyArrival(sim: Simulator, user?: string, page?: string): Arrival {
  const [message, ...more] = arrived(sim, user, page);
  assert.ok(message, 'nothing arrived');
  assert.deepEqual(more, [], 'more than one message arrived');
  const [attachment, ...others] = message.attachments;
  assert.ok(attachment, 'the message has no attachment');
  assert.deepEqual(others, []);
  return { message, attachment };
}

/** The calls that the platform has met, in order: `['upload-file', 'send-id', 'send-id 100/2018074']`. */
export function calls(sim: Simulator): string[] {
  return sim.calls().map(({ purpose, code, subcode }) => {
    if (code === undefined) return purpose;
    return subcode === undefined ? `${purpose} ${code}` : `${purpose} ${code}/${subcode}`;
  });
}

/** How many of `calls` there were of each. */
export function callCounts(sim: Simulator): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const call of calls(sim)) counts[call] = (counts[call] ?? 0) + 1;
  return counts;
}

/** How many calls carried a file, or had the platform fetch an address: how often the content went up. */
export function countUploads(sim: Simulator): number {
  const { byPurpose } = sim.totals();
  const uploads = ['upload-file', 'upload-url', 'send-file', 'send-url'] as const;
  return uploads.reduce((sum, purpose) => sum + (byPurpose[purpose] ?? 0), 0);
}
