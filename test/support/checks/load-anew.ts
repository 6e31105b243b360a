import path from 'node:path';

const SRC = path.join(__dirname, '../../../src') + path.sep;

/**
 * A file of `src/`, loaded with all that it needs from there once more: as it is when a bot has the package twice.
 *
 * To be called when a test file is loaded, and not in a test: mutation tests would take all that runs while a file of
 * `src/` is loaded for code that this test checks.
 */
export function loadAnew(file: string): unknown {
  const loaded = Object.entries(require.cache).filter(([name]) => name.startsWith(SRC));
  for (const [name] of loaded) require.cache[name] = undefined;
  try {
    return module.require(file);
  } finally {
    for (const [name, kept] of loaded) require.cache[name] = kept;
  }
}
