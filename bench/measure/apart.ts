import path from 'node:path';
import { firstMessage, start } from '../in-child';
import type { Bench } from '../row';
import type { Turn } from './contest';

/** Those who compete in a row, by name: each gets ready, and then takes its turns. `Settings` go there as JSON. */
export type Contenders<Name extends string, T, Settings = undefined> = Readonly<
  Record<Name, (bench: Bench, settings: Settings) => Turn<T> | Promise<Turn<T>>>
>;

const CONTENDER = path.join(__dirname, 'contender.ts');

/**
 * Gives each contender a process of its own. In one process they spoil each other's figures: the code of one is
 * compiled for the objects of all, and thrown away while the others have their turns.
 *
 * @param file - The row's module, which exports them as `contenders`.
 * @param flags - Of Node.
 */
export async function apart<Name extends string, T, Settings = undefined>(
  { scene }: Bench,
  file: string,
  contenders: Contenders<Name, T, Settings>,
  { settings, flags }: { readonly settings?: Settings; readonly flags?: readonly string[] } = {},
): Promise<Record<Name, Turn<T>>> {
  const turns = Object.keys(contenders).map(async (name): Promise<[string, Turn<T>]> => {
    const child = start(CONTENDER, [file, name, JSON.stringify({ scene, settings })], flags);
    await firstMessage(child);
    const turn = (): Promise<T> => {
      child.send('your turn');
      return firstMessage<T>(child);
    };
    return [name, turn];
  });
  return Object.fromEntries(await Promise.all(turns)) as Record<Name, Turn<T>>;
}
