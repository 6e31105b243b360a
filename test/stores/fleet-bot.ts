/** One of several bots that start cold and send the same pictures: each once, all at once. Default options. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import { image } from '../../src';
import { openPageBot } from '../support/bot/page-bot';
import { openPlace, type Place } from './kinds';
import type { PageOptions } from 'messenger-platform-simulator';

export interface FleetOrders {
  readonly place: Place;
  /** Of the platform. */
  readonly host: string;
  readonly page: PageOptions;
  readonly root: string;
  readonly user: string;
  /** In the order in which they are sent. */
  readonly pictures: readonly string[];
}

/** Printed when it can begin, which it does when its standard input ends, so that all begin at once. */
export const READY = 'ready';

export interface FleetReport {
  readonly uploads: number;
  /** Milliseconds that the message waited for its ID that waited longest. */
  readonly longest: number;
  /** What became of messages that did not arrive. */
  readonly lost: readonly string[];
  readonly errors: readonly string[];
}

async function main(): Promise<void> {
  const { place, host, page, root, user, pictures } = JSON.parse(process.argv[2] ?? '') as FleetOrders;
  const { adapter, close } = openPlace(place);
  const client = openPageBot(host, { store: adapter, page, root });
  console.log(READY);
  await once(process.stdin.resume(), 'end');
  const lost: string[] = [];
  let longest = 0;
  const current = new AsyncLocalStorage<{ sending: number }>();
  client.plugin.on('send', ({ ms }) => {
    const message = current.getStore();
    if (message) message.sending = ms;
  });
  const send = (picture: string): Promise<void> => {
    const message = { sending: 0 };
    return current.run(message, async () => {
      const begun = performance.now();
      await client.send(user, image(picture)).catch((error: unknown) => lost.push(String(error)));
      longest = Math.max(longest, performance.now() - begun - message.sending);
    });
  };
  await Promise.all(pictures.map(send));
  const { uploads } = client.plugin.stats;
  await client.close();
  await close();
  const report: FleetReport = { uploads, longest, lost, errors: client.errors.map(String) };
  console.log(JSON.stringify(report));
}

if (require.main === module) void main();
