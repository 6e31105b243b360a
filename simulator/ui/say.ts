import { type PersonEvent, type ThreadMessage } from '../platform/model';
import { callControlApi, post } from './api';
import { route } from './route';
import { page } from './store';

export interface Said {
  text?: string;
  payload?: string;
  postback?: boolean;
  sticker?: string;
  location?: NonNullable<ThreadMessage['location']>;
  referral?: { ref: string };
  replyTo?: string;
}

/** What the person on the page writes, taps or sends. */
export function say(said: Said): Promise<boolean> {
  return post('/say', { ...who(), ...said });
}

/** What the person does beside writing. */
export function act(action: PersonEvent): Promise<boolean> {
  return post('/act', { ...who(), ...action });
}

/** One message for each. */
export async function sendFiles(files: Iterable<File>, replyTo?: string): Promise<void> {
  for (const file of files) {
    const query = new URLSearchParams({
      ...who(),
      name: file.name,
      ...(replyTo !== undefined && { replyTo }),
    });
    await callControlApi('POST', `/attachment?${query.toString()}`, file);
  }
}

function who(): { page: string; user: string } {
  return { page: page.value?.id ?? '', user: route.value.user };
}
