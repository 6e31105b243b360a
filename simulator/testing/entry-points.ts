import { type Input, isObject } from '../base/check';
import { ConversationError } from './errors';
import { list, notThere, type Tap, titlesOf } from './taps';

/**
 * What a person can tap of a page's Messenger profile, as the bot has set it:
 * https://developers.facebook.com/documentation/business-messaging/messenger-platform/reference/messenger-profile-api
 */
type Profile = Readonly<Record<string, unknown>>;

export function getStartedOf({ get_started: button }: Profile, user: string): Tap {
  if (!isObject(button)) {
    const problem = `User ${user} cannot tap "Get started": the page has set no get_started in its profile`;
    throw new ConversationError('not_there', problem);
  }
  // The title is the platform's own.
  return { text: 'Get Started', payload: String(button['payload']) };
}

/** Of the menu for all languages. */
export function menuItemOf({ persistent_menu: menus }: Profile, user: string, title: string): Tap {
  const items = itemsFor(menus);
  const item = items.find((one) => one['title'] === title && one['type'] === 'postback');
  if (!item) throw notThere(`menu item "${title}"`, user, titlesOf(items), 'menu items');
  return { text: title, payload: String(item['payload']) };
}

/** Today's form has them by language, the older one as a plain list. */
export function iceBreakerOf({ ice_breakers: breakers }: Profile, user: string, question: string): Tap {
  const items = list(breakers).some((one) => 'question' in one) ? list(breakers) : itemsFor(breakers);
  const item = items.find((one) => one['question'] === question);
  if (!item) throw notThere(`ice breaker "${question}"`, user, titlesOf(items, 'question'), 'ice breakers');
  return { text: question, payload: String(item['payload']) };
}

function itemsFor(byLanguage: unknown): Input[] {
  const all = list(byLanguage);
  const chosen = all.find((one) => one['locale'] === 'default') ?? all[0];
  return list(chosen?.['call_to_actions']);
}
