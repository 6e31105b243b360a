import { z } from 'zod';
import { invalidParameter, unknownObject } from './errors';
import { checked } from './params';
import { fieldNames } from './profiles';
import { recipientOf } from './recipients';
import { APP_ID, type Page } from '../platform/model';
import { type Platform } from '../platform/platform';

/** `/me/subscribed_apps` */
export function subscribedApps(
  page: Page,
  method: string,
  params: Record<string, unknown>,
): Record<string, unknown> {
  if (method === 'GET') {
    const app = { id: APP_ID, name: 'Simulated app', subscribed_fields: page.subscribedFields };
    return { data: page.subscribedFields ? [app] : [] };
  }
  if (method === 'POST') {
    const { subscribed_fields: fields } = checked(subscription, params);
    page.subscribedFields = fieldNames(fields);
  } else if (method === 'DELETE') page.subscribedFields = undefined;
  else throw unknownObject(method, page.id);
  return { success: true };
}

/** graph-api/reference/page/subscribed_apps: required since v3.2 */
const subscription = z.looseObject({
  subscribed_fields: z.union([z.string().min(1), z.array(z.string()).min(1)]),
});

const handover = z.looseObject({ target_app_id: z.union([z.string().min(1), z.number()]) });

/**
 * conversation-routing: `/me/pass_thread_control` and the like. The app is the primary receiver: it can take a thread
 * back at any time, and has those that nobody has.
 */
export function threadControl(
  platform: Platform,
  page: Page,
  edge: string,
  params: Record<string, unknown>,
): Record<string, unknown> {
  const { user } = recipientOf(platform, page, params['recipient']);
  if (edge === 'pass_thread_control') {
    const target = String(checked(handover, params).target_app_id);
    platform.setOwner(page, user, target === APP_ID ? undefined : target);
  } else if (edge !== 'request_thread_control') platform.setOwner(page, user);
  return { success: true };
}

/** `/me/thread_owner?recipient=<person>` */
export function threadOwner(platform: Platform, page: Page, user: unknown): Record<string, unknown> {
  const recipient = recipientOf(platform, page, user === undefined ? undefined : { id: user });
  return { data: [{ thread_owner: { app_id: platform.ownerOf(page, recipient.user) ?? APP_ID } }] };
}

/**
 * identity/account-linking: `/me/unlink_accounts`. The answer stands in the tests of client libraries. The webhook is
 * told of buttons only.
 */
export function unlinkAccounts(
  platform: Platform,
  page: Page,
  { psid }: Record<string, unknown>,
): Record<string, unknown> {
  if (psid === undefined) throw invalidParameter('The parameter psid is required');
  recipientOf(platform, page, { id: psid });
  return { result: 'unlink account success' };
}
