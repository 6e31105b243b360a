import path from 'node:path';
import { defaultLoaders, lilconfig, type Loader } from 'lilconfig';
import { problemOf } from '../base/thrown';
import { checkConfig, ConfigError, type SimulatorConfig } from './schema';

/** Looked for in the folder that the simulator is started in. */
export const CONFIG_FILES = ['json', 'js', 'cjs', 'mjs'].map((extension) => `messenger.config.${extension}`);

/**
 * Reads `file`, or the configuration in this folder, if there is one. Paths of pictures are taken as seen from the
 * file. Throws a `ConfigError` for what cannot be read or is wrong.
 */
export async function loadConfig(file?: string): Promise<SimulatorConfig> {
  const folder = process.cwd();
  const explorer = lilconfig('messenger', {
    searchPlaces: CONFIG_FILES,
    stopDir: folder,
    loaders: Object.fromEntries(
      Object.entries(defaultLoaders).map(([extension, load]) => [extension, withFileName(load)]),
    ),
  });
  const found = await (file === undefined
    ? explorer.search(folder)
    : explorer.load(file).catch(notRead(file)));
  if (!found) return {};
  const { people, ...config } = checkConfig(found.config, path.relative(folder, found.filepath));
  return {
    ...config,
    ...(people && { people: people.map((person) => withPicture(person, found.filepath)) }),
  };
}

function withFileName(load: Loader): Loader {
  return async (file, content) => {
    try {
      return (await load(file, content)) as unknown;
    } catch (error) {
      return notRead(path.relative(process.cwd(), file))(error);
    }
  };
}

function notRead(file: string): (error: unknown) => never {
  return (error) => {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError(`${file} cannot be read: ${problemOf(error)}`);
  };
}

type ConfiguredPerson = NonNullable<SimulatorConfig['people']>[number];

function withPicture(person: ConfiguredPerson, file: string): ConfiguredPerson {
  if (person.picture === undefined) return person;
  return { ...person, picture: path.resolve(path.dirname(file), person.picture) };
}
