import assert from 'node:assert/strict';
import { rm, symlink, writeFile } from 'node:fs/promises';
import KeyvFile from 'keyv-file';
import { file, image } from '../../src';
import { openWebsite } from '../support/platform/website';
import { OTHER_PAGE } from '../support/platform/pages';
import { STORE, workbench, type Ended } from './support';

interface Pruned {
  readonly dryRun: boolean;
  readonly pruned: readonly { readonly page: string; readonly asset: string; readonly reason: string }[];
  readonly kept: number;
}

describe('facebook-attachments prune', () => {
  const bench = workbench();
  const IN_FOLDER = ['--root', 'assets', '--store', STORE];
  const prune = (...args: string[]): Promise<Ended> =>
    bench.tool(['prune', ...IN_FOLDER, ...args], { env: {} });
  const countListed = async (): Promise<number> => {
    const { stdout } = await bench.tool(['list', '--json', '--store', STORE]);
    return (JSON.parse(stdout) as unknown[]).length;
  };

  beforeEach(async () => {
    for (const name of ['a.png', 'b.png', 'c.pdf']) await bench.folder.write(`assets/${name}`, name);
    await bench.tool(['warm', '.', ...IN_FOLDER]);
  });

  it('deletes the IDs of files that have changed or are gone, and needs no token', async () => {
    await writeFile(bench.folder.at('assets/a.png'), 'new');
    await rm(bench.folder.at('assets/b.png'));
    bench.sim.clearCalls();
    const { code, stdout } = await prune();
    assert.equal(code, 0);
    const [first = '', second = '', ...rest] = stdout.trimEnd().split('\n').sort().reverse();
    assert.match(first, /^pruned +image "b\.png" +\d+ +\(the file no longer exists\)$/);
    assert.match(second, /^pruned +image "a\.png" +\d+ +\(the file has changed\)$/);
    assert.deepEqual(rest, ['2 pruned, 1 kept']);
    assert.equal(await countListed(), 1);
    assert.deepEqual(bench.sim.calls(), []);
  });

  it('keeps those of addresses, of bytes, under another name, of a bot with prepare, and of what cannot be read', async () => {
    const website = bench.closeAfterTest(await openWebsite());
    await bench.tool(['warm', `${website.url}/paw.png`, ...IN_FOLDER]);
    const botkit = await bench.openBotkit({
      root: bench.folder.at('assets'),
      store: new KeyvFile({ filename: bench.folder.at('ids.json') }),
      prepare: { version: 1, convert: () => undefined },
    });
    const bot = await botkit.bot();
    for (const message of [
      image('a.png'),
      file('c.pdf', { filename: 'care.pdf' }),
      image(Buffer.from('only here'), { filename: 'x.png' }),
    ]) {
      await bot.say(message);
      // KeyvFile loses what comes while it writes its file.
      await botkit.plugin.close();
    }
    const before = await countListed();
    assert.equal(before, 7);
    await rm(bench.folder.at('assets/b.png'));
    await symlink(await bench.folder.write('outside.png', 'b.png'), bench.folder.at('assets/b.png'));
    const { stdout } = await prune();
    assert.equal(stdout, `0 pruned, ${before} kept\n`);
  });

  it('only tells in a dry run, as JSON if it is to', async () => {
    await rm(bench.folder.at('assets/b.png'));
    const { stdout } = await prune('--dry-run', '--json');
    const { dryRun, pruned, kept } = JSON.parse(stdout) as Pruned;
    assert.deepEqual([dryRun, kept], [true, 2]);
    assert.deepEqual(
      pruned.map(({ asset, reason }) => [asset, reason]),
      [['image "b.png"', 'the file no longer exists']],
    );
    assert.equal(await countListed(), 3);
  });

  it('prunes those of one page, if it is named', async () => {
    await rm(bench.folder.at('assets/b.png'));
    assert.equal((await prune('--page', OTHER_PAGE.id)).stdout, '0 pruned, 0 kept\n');
    assert.equal(await countListed(), 3);
  });

  it('deletes nothing where not one of the files is, unless it is forced to', async () => {
    const elsewhere = ['prune', '--root', '.', '--store', STORE];
    const { code, stderr } = await bench.tool(elsewhere);
    assert.equal(code, 1);
    assert.match(stderr, /^None of the files of 3 IDs is in .*\. Set --root to the bot’s `root`/);
    assert.equal(await countListed(), 3);
    assert.equal((await bench.tool([...elsewhere, '--force'])).code, 0);
    assert.equal(await countListed(), 0);
  });
});
