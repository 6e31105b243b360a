import { unknownObject } from './errors';
import { fieldNames } from './profiles';
import { type Page, type Thread, type ThreadMessage } from '../platform/model';
import { type Platform } from '../platform/platform';

const MOST = 25;

/** `/me/conversations`: conversations. Only fields that clients ask for. */
export function conversations(
  platform: Platform,
  page: Page,
  method: string,
  params: Record<string, unknown>,
): Record<string, unknown> {
  if (method !== 'GET') throw unknownObject(method, page.id);
  const { user_id: user } = params;
  const threads = platform
    .threads(Infinity)
    .filter((thread) => thread.page === page.id && (user === undefined || thread.user === user))
    .slice(0, MOST);
  return { data: threads.map((thread) => conversation(page, thread, params['fields'])) };
}

/** `/t_<person>` */
export function conversationOf(
  platform: Platform,
  page: Page,
  id: string,
  fields: unknown,
): Record<string, unknown> {
  const thread = platform.thread(page, id.replace(/^t_/, ''));
  if (thread.messages.length === 0) throw unknownObject('GET', id);
  return conversation(page, thread, fields);
}

/** `/t_<person>/messages` */
export function messagesOf(
  platform: Platform,
  page: Page,
  id: string,
  fields: unknown,
): Record<string, unknown> {
  const thread = platform.thread(page, id.replace(/^t_/, ''));
  return messages(page, thread, fieldNames(fields));
}

function conversation(page: Page, thread: Thread, fields: unknown): Record<string, unknown> {
  const names = fieldNames(fields);
  const list = fieldNames(fields).find((name) => name.startsWith('messages'));
  return {
    id: `t_${thread.user}`,
    updated_time: time(thread.messages.at(-1)?.at ?? 0),
    ...(names.includes('participants') && {
      participants: { data: [person(thread.user), { id: page.id, name: page.name }] },
    }),
    ...(list !== undefined && { messages: messages(page, thread, namesIn(list)) }),
  };
}

/** The last ones, the youngest first. */
function messages(page: Page, thread: Thread, names: string[]): Record<string, unknown> {
  const last = thread.messages.slice(-MOST).reverse();
  return { data: last.map((message) => messageView(page, thread.user, message, names)) };
}

function messageView(
  page: Page,
  user: string,
  { mid, at, from, text = '' }: ThreadMessage,
  names: string[],
): Record<string, unknown> {
  const [sender, receiver] = [person(user), { id: page.id, name: page.name }];
  const all: Record<string, unknown> = {
    from: from === 'user' ? sender : receiver,
    to: { data: [from === 'user' ? receiver : sender] },
    message: text,
  };
  const asked = Object.entries(all).filter(([name]) => names.includes(name));
  return { id: mid, created_time: time(at), ...Object.fromEntries(asked) };
}

/** `messages{id,message}` → id, message */
function namesIn(list: string): string[] {
  return fieldNames(/\{(.*)\}/.exec(list)?.[1] ?? '');
}

function person(id: string): { id: string; name: string } {
  return { id, name: `Test User ${id}` };
}

function time(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, '+0000');
}
