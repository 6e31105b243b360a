import type { PlatformAccount } from './command-options';
import type { Dispatcher } from 'undici';
import { GraphClient } from '../graph/client';
import { Connections } from '../graph/connections';

/**
 * The ID of the page that the token belongs to.
 *
 * @param expected - The page that was asked for: IDs that another page's token uploads would be saved as its own.
 */
export async function askPage(
  { token = '', secret, host = '', version = '' }: PlatformAccount,
  expected: string | undefined,
  dispatcher: Dispatcher,
): Promise<string> {
  const client = new GraphClient({ host, version, token, secret }, new Connections(dispatcher));
  const page = await client.pageId();
  if (expected === undefined || expected === page) return page;
  throw new Error(
    `The token in FACEBOOK_ACCESS_TOKEN belongs to page ${page}, and --page asks for page ${expected}: an ID is good for one page only`,
  );
}

/** What the plugin knows of a Facebook adapter, so that neither Botkit nor the adapter need be installed. */
export function adapterFor({ token = '', secret, host = '', version = '' }: PlatformAccount): object {
  return {
    name: 'Facebook Adapter',
    getAPI: () =>
      Promise.resolve({
        token,
        secret,
        api_host: host,
        api_version: version,
        callAPI: () => Promise.reject(new Error('This tool sends nothing')),
      }),
  };
}
