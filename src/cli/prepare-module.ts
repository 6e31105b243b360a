import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { isRecord } from '../base/records';
import { readOptions } from '../options';
import { UsageError } from './command-options';
import { reasonOf } from './printer';
import type { Prepare } from '../source/preparation';

/**
 * The bot's option `prepare`, as a module of the bot exports it: by that name, or as its only export.
 *
 * @throws {UsageError} It cannot be loaded, or exports something else.
 */
export async function loadPrepare(file: string, folder: string): Promise<Prepare> {
  const exported = await load(path.resolve(folder, file));
  const { default: only = exported } = exported;
  const found = [exported.prepare, isRecord(only) ? only.prepare : undefined, only].find(isRecord);
  try {
    const { prepare } = readOptions({ prepare: found as unknown as Prepare });
    if (prepare) return prepare;
  } catch (error) {
    throw unusable(file, reasonOf(error).message);
  }
  throw unusable(file, 'it exports no object');
}

async function load(file: string): Promise<Record<string, unknown>> {
  try {
    return (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  } catch (error) {
    throw unusable(file, reasonOf(error).message);
  }
}

function unusable(file: string, why: string): UsageError {
  return new UsageError(
    `expected --prepare to be a module that exports the bot’s \`prepare\`, got ${JSON.stringify(file)}: ${why}`,
  );
}
