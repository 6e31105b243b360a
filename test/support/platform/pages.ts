import type { PageOptions } from 'messenger-platform-simulator';

/** The page that a bot has unless a test says otherwise. */
export const PAGE: PageOptions = { id: '1001', token: 'TOKEN-OF-PAGE-1001', secret: 'SECRET-OF-THE-APP' };

export const OTHER_PAGE: PageOptions = {
  id: '1002',
  token: 'TOKEN-OF-PAGE-1002',
  secret: 'SECRET-OF-THE-APP',
};
