import { z } from 'zod';
import { unknownObject } from './errors';
import { checked } from './params';
import { fieldNames } from './profiles';
import { recipientOf } from './recipients';
import { type Page } from '../platform/model';
import { type Platform } from '../platform/platform';

/** The app that a token here belongs to. Handing a thread to another app changes nothing: there is no other one. */
const APP_ID = '100000000000001';

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

/** conversation-routing: `/me/pass_thread_control` and the like. */
export function threadControl(
  platform: Platform,
  page: Page,
  edge: string,
  params: Record<string, unknown>,
): Record<string, unknown> {
  recipientOf(platform, page, params['recipient']);
  if (edge === 'pass_thread_control') checked(handover, params);
  return { success: true };
}

/** `/me/thread_owner?recipient=<person>` */
export function threadOwner(platform: Platform, page: Page, user: unknown): Record<string, unknown> {
  recipientOf(platform, page, { id: user });
  return { data: [{ thread_owner: { app_id: APP_ID } }] };
}
