import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import KeyvFile from 'keyv-file';
import { image } from '../../src';
import { countUploads } from '../support/platform/received';
import { OTHER_PAGE, PAGE } from '../support/platform/pages';
import { IN_ASSETS, STORE, TOKEN, workbench } from './support';

describe('facebook-attachments forget', () => {
  const bench = workbench();

  it('makes the next send upload again', async () => {
    await bench.tool(['warm', 'cats', ...IN_ASSETS]);
    const { code, stdout } = await bench.tool(['forget', 'cats/tom.jpg', ...IN_ASSETS]);
    assert.equal(code, 0);
    assert.match(stdout, /^forgotten +image "cats\/tom\.jpg" +\d+\n$/);
    const botkit = await bench.openBotkit({ store: new KeyvFile({ filename: bench.folder.at('ids.json') }) });
    const bot = await botkit.bot();
    await bot.say(image('cats/mia.jpg'));
    assert.equal(countUploads(bench.sim), 2);
    await bot.say(image('cats/tom.jpg'));
    assert.equal(countUploads(bench.sim), 3);
  });

  it('says what had no ID, and exits with 0', async () => {
    await bench.createStore();
    const { code, stdout } = await bench.tool(['forget', 'cats/tom.jpg', ...IN_ASSETS]);
    assert.equal(code, 0);
    assert.match(stdout, /^no ID +image "cats\/tom\.jpg"\n$/);
  });

  it('needs no token for a page that is named, and calls nobody', async () => {
    await bench.tool(['warm', 'cats/tom.jpg', ...IN_ASSETS]);
    bench.sim.clearCalls();
    const args = ['forget', 'cats/tom.jpg', '--page', PAGE.id, ...IN_ASSETS];
    const { stdout } = await bench.tool(args, { env: {} });
    assert.match(stdout, /^forgotten/);
    assert.deepEqual(bench.sim.calls(), []);
  });

  it('forgets nothing of another page', async () => {
    await bench.tool(['warm', 'cats/tom.jpg', ...IN_ASSETS]);
    const { stdout } = await bench.tool(['forget', 'cats/tom.jpg', '--page', OTHER_PAGE.id, ...IN_ASSETS], {
      env: {},
    });
    assert.match(stdout, /^no ID/);
  });

  it('only tells in a dry run', async () => {
    await bench.tool(['warm', 'cats/tom.jpg', ...IN_ASSETS]);
    const { stdout } = await bench.tool(['forget', 'cats', '--dry-run', ...IN_ASSETS]);
    assert.match(stdout, /^no ID +image "cats\/mia\.jpg"\nto forget +image "cats\/tom\.jpg" +\d+\n$/);
    const { stdout: listed } = await bench.tool(['list', '--json', '--store', STORE]);
    assert.equal((JSON.parse(listed) as unknown[]).length, 1);
  });

  it('prints one JSON document with the outcome of each asset', async () => {
    await bench.tool(['warm', 'cats/tom.jpg', ...IN_ASSETS]);
    const { code, stdout } = await bench.tool(['forget', 'cats', '--json', ...IN_ASSETS]);
    const { page, dryRun, results } = JSON.parse(stdout) as {
      page: string;
      dryRun: boolean;
      results: { asset: string; outcome: string }[];
    };
    assert.deepEqual([code, page, dryRun], [0, PAGE.id, false]);
    assert.deepEqual(
      results.map(({ asset, outcome }) => [asset, outcome]),
      [
        ['image "cats/mia.jpg"', 'missing'],
        ['image "cats/tom.jpg"', 'known'],
      ],
    );
    const { stdout: listed } = await bench.tool(['list', '--json', '--store', STORE]);
    assert.deepEqual(JSON.parse(listed), []);
  });

  it('exits with 1 when a name stands for nothing', async () => {
    await bench.createStore();
    const { code, stderr } = await bench.tool(['forget', 'nothing.png', ...IN_ASSETS]);
    assert.equal(code, 1);
    assert.match(stderr, /\[ERR_ATTACHMENT_NOT_FOUND\]\n$/);
  });

  it('exits with 2 when nothing is named', async () => {
    const { code, stderr } = await bench.tool(['forget', '--store', STORE]);
    assert.equal(code, 2);
    assert.match(stderr, /^error: missing required argument 'assets', or --id$/m);
  });

  describe('of what is in the store', () => {
    const IN_FOLDER = ['--root', 'assets', '--store', STORE];
    const paths = async (): Promise<(string | undefined)[]> => {
      const { stdout } = await bench.tool(['list', '--json', '--store', STORE]);
      return (JSON.parse(stdout) as { path?: string }[]).map(({ path }) => path).sort();
    };

    beforeEach(async () => {
      for (const name of ['a.png', 'b.png', 'cats/tom.png']) await bench.folder.write(`assets/${name}`, name);
      await bench.tool(['warm', '.', ...IN_FOLDER]);
    });

    it('takes an ID, of whatever page, without a token', async () => {
      await bench.tool(['warm', 'a.png', ...IN_FOLDER], {
        env: { FACEBOOK_ACCESS_TOKEN: OTHER_PAGE.token, FACEBOOK_APP_SECRET: OTHER_PAGE.secret },
      });
      bench.sim.clearCalls();
      const ids = bench.sim.assets().flatMap(({ id, page }) => (page === OTHER_PAGE.id ? id : []));
      assert.equal(ids.length, 1);
      const named = [...ids, '999'].flatMap((id) => ['--id', id]);
      const { code, stdout } = await bench.tool(['forget', ...named, '--store', STORE], { env: {} });
      assert.equal(code, 0);
      assert.match(stdout, /^forgotten +image "a\.png" +\d+\nno ID +ID 999\n$/);
      assert.deepEqual(await paths(), ['a.png', 'b.png', 'cats/tom.png']);
      assert.deepEqual(bench.sim.calls(), []);
    });

    it('takes a file that has changed: its old ID goes', async () => {
      await writeFile(bench.folder.at('assets/a.png'), 'new');
      const { code, stdout } = await bench.tool(['forget', 'a.png', ...IN_FOLDER]);
      assert.equal(code, 0);
      assert.match(stdout, /^forgotten +image "a\.png" +\d+\n$/);
      assert.deepEqual(await paths(), ['b.png', 'cats/tom.png']);
    });

    it('takes a file that is gone, and a folder, also by their paths from the current folder', async () => {
      await rm(bench.folder.at('assets/a.png'));
      await rm(bench.folder.at('assets/cats'), { recursive: true });
      const { code, stdout, stderr } = await bench.tool(['forget', 'a.png', 'assets/cats', ...IN_FOLDER]);
      assert.deepEqual([code, stderr], [0, '']);
      assert.match(stdout, /^forgotten +image "a\.png" +\d+\nforgotten +image "cats\/tom\.png" +\d+\n$/);
      assert.deepEqual(await paths(), ['b.png']);
    });

    it('takes the old and the new ID of a file, and both only when they are of the type that is given', async () => {
      await writeFile(bench.folder.at('assets/a.png'), 'new');
      await bench.tool(['warm', 'a.png', ...IN_FOLDER]);
      const ofFiles = await bench.tool(['forget', 'a.png', '--type', 'file', ...IN_FOLDER]);
      assert.match(ofFiles.stdout, /^no ID/);
      const { stdout } = await bench.tool(['forget', 'a.png', ...IN_FOLDER]);
      assert.equal(stdout.match(/^forgotten/gm)?.length, 2);
      assert.deepEqual(await paths(), ['b.png', 'cats/tom.png']);
    });

    it('only tells in a dry run', async () => {
      await rm(bench.folder.at('assets/a.png'));
      const { stdout } = await bench.tool(['forget', 'a.png', '--dry-run', ...IN_FOLDER]);
      assert.match(stdout, /^to forget +image "a\.png" +\d+\n$/);
      assert.equal((await paths()).length, 3);
    });

    it('still says when a name stands for nothing, there or in the store', async () => {
      const { code, stderr } = await bench.tool(['forget', 'nobody.png', ...IN_FOLDER], { env: TOKEN });
      assert.equal(code, 1);
      assert.match(stderr, /ERR_ATTACHMENT_NOT_FOUND/);
    });
  });
});
