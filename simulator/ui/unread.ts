import { effect, signal } from '@preact/signals';
import { type ThreadOutline } from '../control/event-model';
import { route } from './route';
import { keyOf, page, snapshots, threads } from './store';

/** Below this width the chat has a tab of its own. As in narrow.css. */
const NARROW = window.matchMedia('(max-width: 760px)');
const STORAGE = 'read-messages';

/** How many messages of each thread were on the screen of this window. It outlives a reload. */
const read = signal<ReadonlyMap<string, number> | undefined>(stored());
const isChatVisible = signal(false);

/** How many messages have come to a thread that this window has not shown. */
export function unreadOf({ page: pageId, user, count, last }: ThreadOutline): number {
  if (last?.from !== 'page') return 0;
  return Math.max(0, count - (read.value?.get(keyOf(pageId, user)) ?? 0));
}

/** Notes what is on the screen as read. */
export function watchReading(): void {
  const look = () => {
    const { tab } = route.value;
    isChatVisible.value = !document.hidden && (tab === 'chat' || !NARROW.matches);
  };
  effect(look);
  document.addEventListener('visibilitychange', look);
  NARROW.addEventListener('change', look);
  effect(() => {
    if (snapshots.value === 0) return;
    const open = isChatVisible.value ? keyOf(page.value?.id ?? '', route.value.user) : '';
    // What was there before this window was opened counts as read; a thread that has started over counts anew.
    const isFirst = read.peek() === undefined;
    const counts = new Map<string, number>();
    for (const [key, { count }] of threads.value) {
      const known = isFirst || key === open ? count : (read.peek()?.get(key) ?? 0);
      counts.set(key, Math.min(known, count));
    }
    read.value = counts;
    sessionStorage.setItem(STORAGE, JSON.stringify([...counts]));
  });
}

function stored(): ReadonlyMap<string, number> | undefined {
  try {
    const text = sessionStorage.getItem(STORAGE);
    return text === null ? undefined : new Map(JSON.parse(text) as [string, number][]);
  } catch {
    return undefined; // Storage is off, or holds something else.
  }
}
