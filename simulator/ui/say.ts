import { post } from './api';
import { route } from './route';
import { page } from './store';

/** What the person on the page writes, or taps. */
export function say(said: { text: string; payload?: string; postback?: boolean }): Promise<boolean> {
  return post('/say', { page: page.value?.id, user: route.value.user, ...said });
}
