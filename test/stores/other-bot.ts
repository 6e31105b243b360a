/** A bot in a process of its own: sends pictures to a user, and ends. */
import type { PageOptions } from 'messenger-platform-simulator';
import { image } from '../../src';
import { openPageBot } from '../support/bot/page-bot';
import { openPlace, type Place } from './kinds';

export interface OtherBot {
  readonly place: Place;
  /** Of the platform. */
  readonly host: string;
  readonly page: PageOptions;
  readonly user: string;
  /** Names of pictures in `root`. */
  readonly pictures: readonly string[];
  readonly root: string;
}

async function main(): Promise<void> {
  const { place, host, page, user, pictures, root } = JSON.parse(process.argv[2] ?? '') as OtherBot;
  const { adapter, close } = openPlace(place);
  // With three of them starting at a time, the first answer may be late.
  const client = openPageBot(host, { store: adapter, storeTimeout: 20_000, page, root });
  await Promise.all(pictures.map((picture) => client.send(user, image(picture))));
  await client.close();
  await close();
  if (client.errors.length > 0) throw new AggregateError(client.errors, client.errors.join('; '));
}

void main();
