import { type Input, isObject } from '../base/check';
import { type Thread, type ThreadMessage } from '../platform/model';
import { loginsOf } from '../control/sent-addresses';
import { ConversationError } from './errors';

/** What is told to a bot when something is tapped. */
export interface Tap {
  text: string;
  payload: string;
}

/**
 * Quick replies go away with the next message: only those of the last one can be tapped. Those for an e-mail address or
 * a phone number have no title, and are tapped by their type.
 */
export function quickReplyOf({ user, messages }: Thread, title: string): Tap {
  const replies = list(messages.at(-1)?.quick_replies).map((reply): Input => {
    const { content_type: type } = reply;
    return type === 'text' ? reply : { ...reply, title: reply['title'] || type, payload: type };
  });
  const reply = replies.find((one) => one['title'] === title);
  if (!reply) throw notThere(`quick reply "${title}"`, user, titlesOf(replies), 'quick replies');
  return { text: title, payload: String(reply['payload']) };
}

/** The youngest button of this title, on the card of a title if there is one. Only postbacks tell the bot. */
export function buttonOf({ user, messages }: Thread, title: string, card?: string): Tap {
  if (card !== undefined) checkCard(card, user, messages);
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

/** The address of the youngest Log In button. */
export function loginOf({ user, messages }: Thread): string {
  const url = messages.flatMap(loginsOf).at(-1);
  if (url !== undefined) return url;
  throw new ConversationError('not_there', `User ${user} cannot log in: the page has sent no Log In button`);
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
  const seen = titles.length === 0 ? `there are no ${kind}` : `there are the ${kind} ${quoted(titles)}`;
  return new ConversationError('not_there', `User ${user} cannot tap the ${what}: ${seen}`);
}

function quoted(titles: string[]): string {
  return titles.map((title) => `"${title}"`).join(', ');
}

/** Those of a list that can be looked into. */
export function list(value: unknown): Input[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

export function titlesOf(tappable: Input[], name = 'title'): string[] {
  return tappable.map((one) => String(one[name]));
}

function checkCard(card: string, user: string, messages: readonly ThreadMessage[]): void {
  const cards = messages.flatMap(({ template }) => cardsIn(template)).filter((one) => 'title' in one);
  const titles = [...new Set(titlesOf(cards))];
  if (!titles.includes(card)) throw notThere(`card "${card}"`, user, titles, 'cards');
}

/** The template itself, too: a button template has its buttons there. */
function cardsIn(template: unknown): Input[] {
  return isObject(template) ? [template, ...list(template['elements'])] : [];
}

function buttonsIn(template: unknown, card: string | undefined): Input[] {
  return cardsIn(template)
    .filter((one) => card === undefined || one['title'] === card)
    .flatMap((one) => list(one['buttons']));
}
