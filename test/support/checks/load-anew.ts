import path from 'node:path';

const SRC = path.join(__dirname, '../../../src') + path.sep;

/** A file of `src/`, loaded with all that it needs from there once more: as it is when a bot has the package twice. */
export function loadAnew(file: string): unknown {
  const loaded = Object.entries(require.cache).filter(([name]) => name.startsWith(SRC));
  for (const [name] of loaded) require.cache[name] = undefined;
  try {
    return module.require(file);
  } finally {
    for (const [name, kept] of loaded) require.cache[name] = kept;
  }
}
