import { signal } from '@preact/signals';

export const TABS = ['chat', 'calls', 'assets', 'controls'] as const;
export type Tab = (typeof TABS)[number];

/** What is open. It stands in the address, so that it can be linked to. */
export interface Route {
  page?: string | undefined;
  user: string;
  tab: Tab;
  call?: number | undefined;
}

export const route = signal(read());

window.addEventListener('popstate', () => {
  route.value = read();
});

function address(change: Partial<Route>): string {
  const { page, user, tab, call } = { ...route.value, ...change };
  const query = new URLSearchParams({ ...(page !== undefined && { page }), user, tab });
  if (call !== undefined) query.set('call', String(call));
  return `/?${query.toString()}`;
}

export function go(change: Partial<Route>, { replace = false } = {}): void {
  const next = address(change);
  if (replace) history.replaceState(null, '', next);
  else history.pushState(null, '', next);
  route.value = read();
}

/** For links: opens in place, unless another window was asked for. */
export function opens(change: Partial<Route>) {
  return {
    href: address(change),
    onClick: (event: MouseEvent) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
      event.preventDefault();
      go(change);
    },
  };
}

function read(): Route {
  const query = new URLSearchParams(location.search);
  const [page, user, call] = [query.get('page'), query.get('user'), Number(query.get('call'))];
  const tab = TABS.find((known) => known === query.get('tab')) ?? 'chat';
  return {
    user: user !== null && /^\d+$/.test(user) ? user : '1',
    tab,
    ...(page !== null && /^\d+$/.test(page) && { page }),
    ...(Number.isInteger(call) && call > 0 && { call }),
  };
}
