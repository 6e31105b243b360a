import { type Input, isObject } from '../base/check';
import { type Thread, type ThreadMessage } from '../platform/model';
import { ConversationError } from './errors';

/** What is told to a bot when something is tapped. */
export interface Tap {
  text: string;
  payload: string;
}

/** Quick replies go away with the next message: only those of the last one can be tapped. */
export function quickReplyOf({ user, messages }: Thread, title: string): Tap {
  const replies = list(messages.at(-1)?.quick_replies);
  const reply = replies.find((one) => one['title'] === title);
  if (!reply) throw notThere(`quick reply "${title}"`, user, titlesOf(replies), 'quick replies');
  return { text: title, payload: String(reply['payload']) };
}

/** The youngest button of this title, on the card of a title if there is one. Only postbacks tell the bot. */
export function buttonOf({ user, messages }: Thread, title: string, card?: string): Tap {
  const buttons = messages.flatMap(({ template }) => buttonsIn(template, card));
  const button = buttons.findLast((one) => one['title'] === title);
  const where = card === undefined ? '' : ` on the card "${card}"`;
  if (!button) throw notThere(`button "${title}"${where}`, user, titlesOf(buttons), 'buttons');
  if (button['type'] !== 'postback') {
    throw new ConversationError(
      'not_there',
      `The button "${title}" of user ${user} is a ${String(button['type'])}, of which the bot is not told`,
    );
  }
  return { text: title, payload: String(button['payload']) };
}

/** The last message that the page sent. */
export function lastOfPage({ user, messages }: Thread): ThreadMessage {
  const found = messages.findLast(({ from }) => from === 'page');
  if (found) return found;
  throw new ConversationError('not_there', `The page has sent user ${user} nothing yet`);
}

/** The last message that the person sent, and can take back. */
export function lastOfPerson({ user, messages }: Thread): ThreadMessage {
  const found = messages.findLast(({ from, unsent }) => from === 'user' && unsent !== true);
  if (found) return found;
  throw new ConversationError('not_there', `User ${user} has written nothing yet`);
}

export function notThere(what: string, user: string, titles: string[], kind: string): ConversationError {
  const seen =
    titles.length === 0 ? `no ${kind}` : `the ${kind} ${titles.map((one) => `"${one}"`).join(', ')}`;
  return new ConversationError('not_there', `User ${user} has no ${what} to tap, but ${seen}`);
}

/** Those of a list that can be looked into. */
export function list(value: unknown): Input[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

export function titlesOf(tappable: Input[], name = 'title'): string[] {
  return tappable.map((one) => String(one[name]));
}

/** Of a button template, or of the cards of others. */
function buttonsIn(template: unknown, card: string | undefined): Input[] {
  if (!isObject(template)) return [];
  const cards = [template, ...list(template['elements'])];
  return cards
    .filter((one) => card === undefined || one['title'] === card)
    .flatMap((one) => list(one['buttons']));
}
