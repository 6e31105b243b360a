import { unknownObject } from './errors';
import { fieldNames } from './profiles';
import { type Page, type Thread, type ThreadMessage } from '../platform/model';
import { type Platform } from '../platform/platform';

const MOST = 25;

interface Participant {
  id: string;
  name: string;
}

/** `/me/conversations`: conversations. Only fields that clients ask for. */
export function conversations(
  platform: Platform,
  page: Page,
  method: string,
  params: Record<string, unknown>,
): Record<string, unknown> {
  if (method !== 'GET') throw unknownObject(method, page.id);
  const { user_id: user, fields } = params;
  const threads = platform
    .threads(Infinity)
    .filter((thread) => thread.page === page.id && (user === undefined || thread.user === user))
    .slice(0, MOST);
  return { data: threads.map((thread) => conversationView(platform, page, thread, fields)) };
}

/** `/t_<person>` */
export function conversationOf(
  platform: Platform,
  page: Page,
  id: string,
  fields: unknown,
): Record<string, unknown> {
  const thread = platform.thread(page, userOf(id));
  if (thread.messages.length === 0) throw unknownObject('GET', id);
  return conversationView(platform, page, thread, fields);
}

/** `/t_<person>/messages` */
export function messagesOf(
  platform: Platform,
  page: Page,
  id: string,
  fields: unknown,
): Record<string, unknown> {
  const thread = platform.thread(page, userOf(id));
  return messageList(participants(platform, page, thread), thread, fieldNames(fields));
}

function conversationView(
  platform: Platform,
  page: Page,
  thread: Thread,
  fields: unknown,
): Record<string, unknown> {
  const names = fieldNames(fields);
  const nested = names.find((name) => name.startsWith('messages'));
  const both = participants(platform, page, thread);
  return {
    id: `t_${thread.user}`,
    updated_time: time(thread.messages.at(-1)?.at ?? 0),
    ...(names.includes('participants') && { participants: { data: both } }),
    ...(nested !== undefined && { messages: messageList(both, thread, namesIn(nested)) }),
  };
}

/** The last ones, the youngest first. */
function messageList(
  both: readonly [Participant, Participant],
  { messages }: Thread,
  names: string[],
): Record<string, unknown> {
  const last = messages.slice(-MOST).reverse();
  return { data: last.map((message) => messageView(both, message, names)) };
}

function messageView(
  [user, page]: readonly [Participant, Participant],
  { mid, at, from, text = '' }: ThreadMessage,
  names: string[],
): Record<string, unknown> {
  const all: Record<string, unknown> = {
    from: from === 'user' ? user : page,
    to: { data: [from === 'user' ? page : user] },
    message: text,
  };
  const asked = Object.entries(all).filter(([name]) => names.includes(name));
  return { id: mid, created_time: time(at), ...Object.fromEntries(asked) };
}

function participants(
  { people }: Platform,
  { id, name }: Page,
  { user }: Thread,
): [Participant, Participant] {
  return [
    { id: user, name: people.nameOf(user) },
    { id, name },
  ];
}

function userOf(id: string): string {
  return id.replace(/^t_/, '');
}

/** `messages{id,message}` → id, message */
function namesIn(list: string): string[] {
  return fieldNames(/\{(.*)\}/.exec(list)?.[1] ?? '');
}

function time(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, '+0000');
}
