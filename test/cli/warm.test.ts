import assert from 'node:assert/strict';
import { copyFile, mkdir } from 'node:fs/promises';
import path from 'node:path';
import Keyv from 'keyv';
import KeyvFile from 'keyv-file';
import { useFakeTimers } from 'sinon';
import { image } from '../../src';
import { countUploads, arrived } from '../support/platform/received';
import { ASSETS } from '../support/files/assets';
import { OTHER_PAGE, PAGE } from '../support/platform/pages';
import { openWebsite } from '../support/platform/website';
import { IN_ASSETS, printed, STORE, TOKEN, workbench } from './support';

const DAY = 24 * 60 * 60 * 1000;

describe('facebook-attachments warm', () => {
  const bench = workbench();
  const fileStore = (): KeyvFile => new KeyvFile({ filename: bench.folder.at('ids.json') });
  const webAsset = async (file: string): Promise<string> => {
    const website = bench.closeAfterTest(await openWebsite());
    return `${website.url}/${file}`;
  };

  describe('and the bot', () => {
    it('gives the bot IDs under which it sends everything, with no further upload', async () => {
      const address = await webAsset('paw.png');
      const { code } = await bench.tool([
        'warm',
        'cats',
        'lullaby.mp3',
        'cat-care.pdf',
        address,
        ...IN_ASSETS,
      ]);
      assert.equal(code, 0);
      assert.equal(countUploads(bench.sim), 5);
      const botkit = await bench.openBotkit({ store: fileStore() });
      const bot = await botkit.bot();
      for (const [type, url] of [
        ['image', 'cats/tom.jpg'],
        ['image', 'cats/mia.jpg'],
        ['audio', 'lullaby.mp3'],
        ['file', 'cat-care.pdf'],
        ['image', address],
      ] as const) {
        await bot.say({ attachment: { type, payload: { url } } });
      }
      assert.equal(arrived(bench.sim).length, 5);
      assert.equal(countUploads(bench.sim), 5);
      assert.deepEqual(botkit.errors, []);
    });

    it('shares a namespace with the bot’s own Keyv', async () => {
      await bench.tool(['warm', 'cats/tom.jpg', '--namespace', 'my-bot', ...IN_ASSETS]);
      const botkit = await bench.openBotkit({ store: new Keyv({ store: fileStore(), namespace: 'my-bot' }) });
      await (await botkit.bot()).say(image('cats/tom.jpg'));
      assert.equal(countUploads(bench.sim), 1);
    });

    it('shares what the bot calls the same address, whatever the query string', async () => {
      const address = await webAsset('paw.png');
      await bench.tool(['warm', `${address}?signature=1`, '--ignore-query', ...IN_ASSETS]);
      const botkit = await bench.openBotkit({
        store: fileStore(),
        cacheKey: (url) => url.origin + url.pathname,
      });
      await (await botkit.bot()).say(image(`${address}?signature=2`));
      assert.equal(countUploads(bench.sim), 1);
    });
  });

  it('uploads only what has no ID yet', async () => {
    await bench.tool(['warm', 'cats/tom.jpg', ...IN_ASSETS]);
    const { code, stdout } = await bench.tool(['warm', 'cats', ...IN_ASSETS]);
    assert.equal(code, 0);
    assert.match(stdout, /^uploaded +image "cats\/mia\.jpg" +\(51\.6 kB\) +\d+$/m);
    assert.match(stdout, /^known +image "cats\/tom\.jpg" +\(52\.8 kB\) +\d+$/m);
    assert.match(stdout, /^1 uploaded \(51\.6 kB\), 1 known · .* s$/m);
    assert.equal(countUploads(bench.sim), 2);
  });

  it('uploads again what has an ID near its end', async () => {
    const clock = useFakeTimers({ now: Date.now() - 83 * DAY, toFake: ['Date'] });
    try {
      await bench.tool(['warm', 'cats/tom.jpg', ...IN_ASSETS]);
    } finally {
      clock.restore();
    }
    await bench.tool(['warm', 'cats/tom.jpg', ...IN_ASSETS]);
    assert.equal(countUploads(bench.sim), 2);
  });

  it('takes folders, globs and files, each asset once however often it is named', async () => {
    const { code } = await bench.tool(['warm', '.', 'cats', '**/*.jpg', 'cats/tom.jpg', ...IN_ASSETS]);
    assert.equal(code, 0);
    assert.equal(countUploads(bench.sim), 7);
  });

  it('leaves out what it is told to, however it is named, and no more', async () => {
    for (const name of ['a.png', 'a.psd', 'README.md', 'drafts/b.png', 'cats/drafts/c.png', 'cats/d.psd']) {
      await bench.folder.write(`assets/${name}`, name);
    }
    const IN_FOLDER = ['--root', 'assets', '--store', STORE, '--dry-run', '--json'];
    const left = async (...args: string[]): Promise<string[]> =>
      printed(await bench.tool(['warm', ...args, ...IN_FOLDER])).results.map(({ asset }) => asset);
    assert.deepEqual(await left('.', '--exclude', '*.psd', '--exclude', 'drafts/'), ['image "a.png"']);
    assert.deepEqual(await left('.', '--exclude', '*.{psd,md}', '--exclude', 'cats/drafts'), [
      'image "a.png"',
      'image "drafts/b.png"',
    ]);
    assert.deepEqual(await left('.', '--exclude', 'assets/cats', '--exclude', '*.psd'), [
      'image "a.png"',
      'image "drafts/b.png"',
    ]);
    // As a shell has it that expands `assets/*`.
    assert.deepEqual(await left('assets/a.png', 'assets/a.psd', 'assets/README.md', '--exclude', '*.psd'), [
      'image "a.png"',
      'file "README.md"',
    ]);
  });

  it('does not upload a whole project, unless its files are named', async () => {
    for (const name of ['package.json', 'bot.js']) await bench.folder.write(name, '{}');
    const { code, stderr } = await bench.tool(['warm', '.', '--store', STORE]);
    assert.equal(code, 2);
    assert.match(
      stderr,
      /^error: expected --root to be the folder of the assets, got ".*", which contains package\.json/,
    );
    assert.equal(bench.sim.totals().calls, 0);
    const named = await bench.tool(['warm', 'package.json', 'bot.js', '--store', STORE]);
    assert.equal(named.code, 0);
  });

  it('fetches the addresses of an origin, as a bot does that has it in `fetchFrom`', async () => {
    const website = bench.closeAfterTest(await openWebsite());
    const origin = new URL(website.url).origin;
    const other = ['--fetch-from', 'https://cdn.example.com'];
    const { code } = await bench.tool([
      ...['warm', `${website.url}/paw.png?signature=1`, ...IN_ASSETS],
      ...['--fetch-from', origin, ...other],
    ]);
    assert.equal(code, 0);
    assert.equal(bench.sim.totals().byPurpose['upload-file'], 1);
    const botkit = await bench.openBotkit({ store: fileStore(), fetchFrom: [origin] });
    await (await botkit.bot()).say(image(`${website.url}/paw.png?signature=2`));
    assert.equal(countUploads(bench.sim), 1);
  });

  describe('with the bot’s `prepare`', () => {
    const PREPARE = `{ version: 3, convert: () => ({ type: 'file' }) }`;
    const modules = {
      'module.exports': ['prepare.cjs', `module.exports = ${PREPARE};`],
      'a name': ['prepare.cjs', `exports.prepare = ${PREPARE};`],
      'a default': ['prepare.mjs', `export default ${PREPARE};`],
      'a name of an ES module': ['prepare.mjs', `export const prepare = ${PREPARE};`],
    } as const;
    for (const [what, [name, text]] of Object.entries(modules)) {
      it(`converts what the bot then knows, exported as ${what}`, async () => {
        await bench.folder.write(name, text);
        const { code, stderr } = await bench.tool(['warm', 'paw.png', '--prepare', name, ...IN_ASSETS]);
        assert.deepEqual([code, stderr], [0, '']);
        assert.deepEqual(
          bench.sim.assets().map(({ type }) => type),
          ['file'],
        );
        const prepare = { version: 3, convert: () => undefined };
        const botkit = await bench.openBotkit({ store: fileStore(), prepare });
        await (await botkit.bot()).say(image('paw.png'));
        assert.equal(countUploads(bench.sim), 1);
      });
    }

    for (const [what, text, problem] of [
      ['is not there', undefined, /Cannot find module/],
      ['cannot be run', 'throw new Error("no sharp")', /no sharp/],
      ['exports nothing', '', /`prepare\.version`|it exports no object/],
      ['exports something else', 'module.exports = { version: 1 }', /prepare\.convert/],
    ] as const) {
      it(`exits with 2 if the module ${what}`, async () => {
        if (text !== undefined) await bench.folder.write('prepare.cjs', text);
        const { code, stderr } = await bench.tool([
          ...['warm', 'paw.png', '--prepare', './prepare.cjs', ...IN_ASSETS],
        ]);
        assert.equal(code, 2);
        assert.match(stderr, /^error: expected --prepare to be a module that exports the bot’s `prepare`/);
        assert.match(stderr, problem);
      });
    }
  });

  it('understands paths from the current folder, as a shell completes them', async () => {
    await mkdir(bench.folder.at('assets'));
    await copyFile(path.join(ASSETS, 'paw.png'), bench.folder.at('assets', 'paw.png'));
    const result = await bench.tool([
      ...['warm', 'assets/paw.png', 'assets/*.png', bench.folder.at('assets', 'paw.png')],
      ...['--root', 'assets', '--store', STORE, '--json'],
    ]);
    const { results } = printed(result);
    assert.deepEqual(
      results.map(({ asset, outcome }) => [asset, outcome]),
      [['image "paw.png"', 'uploaded']],
    );
  });

  it('takes an empty folder of the root for what it is, and not for one of the same name elsewhere', async () => {
    await bench.folder.write('paw.png', 'content');
    await mkdir(bench.folder.at('assets/paws'), { recursive: true });
    await bench.folder.write('paws/paw.png', 'content');
    for (const name of ['.', 'paws']) {
      const { code, stderr } = await bench.tool(['warm', name, '--root', 'assets', '--store', STORE]);
      assert.equal(code, 1);
      assert.match(
        stderr,
        new RegExp(`"${name}": it matches no file in .*/assets" \\[ERR_ATTACHMENT_NOT_FOUND\\]\\n$`),
      );
    }
    assert.equal(countUploads(bench.sim), 0);
  });

  it('suggests the folder that is meant', async () => {
    for (const command of ['warm', 'forget']) {
      await bench.createStore();
      const { stderr } = await bench.tool([command, 'catz', ...IN_ASSETS]);
      assert.match(stderr, /it matches no file in .*; did you mean "cats"\?/);
    }
  });

  it('reads no file outside the root', async () => {
    const secret = await bench.folder.write('secret.png', 'not for others');
    const { code, stderr } = await bench.tool(['warm', secret, ...IN_ASSETS]);
    assert.equal(code, 1);
    assert.match(stderr, /ERR_ATTACHMENT_OUTSIDE_ROOT/);
    assert.equal(countUploads(bench.sim), 0);
  });

  it('goes on after what fails, tells each in a line with its code, and exits with 1', async () => {
    await bench.folder.write('empty.png', '');
    await bench.folder.write('good.png', 'content');
    const { code, stdout, stderr } = await bench.tool([
      ...['warm', 'empty.png', 'nothing/*.png', 'missing.png', 'https://example.com/picture?signature=abc'],
      ...['good.png', '--store', STORE],
    ]);
    assert.equal(code, 1);
    const lines = stderr.trimEnd().split('\n');
    assert.equal(lines.length, 4);
    for (const what of [
      /"nothing\/\*\.png": it matches no file in .* \[ERR_ATTACHMENT_NOT_FOUND\]$/,
      /"missing\.png": it matches no file in .* \[ERR_ATTACHMENT_NOT_FOUND\]$/,
      /https:\/\/example\.com\/picture: its type cannot be told .* --type .* \[ERR_ATTACHMENT_BAD_SOURCE\]$/,
      /"empty\.png": it has no content \[ERR_ATTACHMENT_EMPTY\]$/,
    ]) {
      assert.ok(
        lines.some((line) => what.test(line)),
        `${String(what)} in ${stderr}`,
      );
    }
    assert.match(stdout, /^1 uploaded \(7 B\), 4 failed · /m);
    assert.doesNotMatch(stdout + stderr, /signature/);
  });

  it('tells Facebook’s refusal with its code', async () => {
    bench.sim.addFaults({
      purpose: 'upload-file',
      error: { code: 100, subcode: 2018047, message: 'Upload failed' },
    });
    const { code, stderr } = await bench.tool(['warm', 'paw.png', ...IN_ASSETS]);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^Facebook refused to upload image "paw\.png": Upload failed \[100\/2018047\]\..*\n$/,
    );
  });

  it('uploads everything as the type that is given', async () => {
    const website = bench.closeAfterTest(await openWebsite());
    const args = [
      'warm',
      `${website.url}/paw.png?as=picture`,
      'cats/tom.jpg',
      '--type',
      'file',
      ...IN_ASSETS,
    ];
    const { code, stdout } = await bench.tool(args);
    assert.equal(code, 0);
    assert.match(stdout, /uploaded +file http:\/\/[\d.:]+\/paw\.png +\d+/);
    assert.match(stdout, /uploaded +file "cats\/tom\.jpg"/);
  });

  it('uploads as many at a time as it is told', async () => {
    bench.sim.addFaults({ purpose: 'upload-file', times: 7, delayMs: 100 });
    const begun = performance.now();
    await bench.tool(['warm', '.', '--concurrency', '1', ...IN_ASSETS]);
    assert.ok(performance.now() - begun >= 700);
  });

  describe('in a dry run', () => {
    it('uploads and writes nothing, and tells what it would upload', async () => {
      await bench.tool(['warm', 'cats/tom.jpg', ...IN_ASSETS]);
      const { code, stdout } = await bench.tool(['warm', 'cats', '--dry-run', ...IN_ASSETS]);
      assert.equal(code, 0);
      assert.match(stdout, /^to upload +image "cats\/mia\.jpg"/m);
      assert.match(stdout, /^1 to upload \(51\.6 kB\), 1 known/m);
      assert.equal(countUploads(bench.sim), 1);
      const { stdout: listed } = await bench.tool(['list', '--json', '--store', STORE]);
      assert.equal((JSON.parse(listed) as unknown[]).length, 1);
    });

    it('needs no token for a page that is named, and calls nobody', async () => {
      const { code } = await bench.tool(['warm', 'cats', '--dry-run', '--page', PAGE.id, ...IN_ASSETS], {
        env: {},
      });
      assert.equal(code, 0);
      assert.equal(bench.sim.totals().calls, 0);
    });
  });

  it('prints one JSON document with the outcome of each asset', async () => {
    const result = await bench.tool(['warm', 'cats', 'nothing.png', '--json', ...IN_ASSETS]);
    assert.equal(result.code, 1);
    assert.equal(result.stderr, '');
    const { page, uploaded, failed, bytesUploaded, results } = printed(result);
    assert.deepEqual(
      { page, uploaded, failed, bytesUploaded },
      { page: PAGE.id, uploaded: 2, failed: 1, bytesUploaded: 104_357 },
    );
    const ids = bench.sim.assets().map(({ id }) => id);
    assert.deepEqual(
      results.map(({ asset, outcome, attachmentId, error }) => [asset, outcome, attachmentId ?? error?.code]),
      [
        ['nothing.png', 'failed', 'ERR_ATTACHMENT_NOT_FOUND'],
        ['image "cats/mia.jpg"', 'uploaded', ids.find((id) => id === results[1]?.attachmentId)],
        ['image "cats/tom.jpg"', 'uploaded', ids.find((id) => id === results[2]?.attachmentId)],
      ],
    );
  });

  describe('for a page', () => {
    it('asks whose the token is, once', async () => {
      await bench.tool(['warm', 'cats', ...IN_ASSETS]);
      assert.equal(bench.sim.calls().filter(({ path: called }) => called.endsWith('/me')).length, 1);
    });

    it('uploads nothing with the token of another page', async () => {
      const { code, stderr } = await bench.tool(['warm', 'cats', '--page', OTHER_PAGE.id, ...IN_ASSETS]);
      assert.equal(code, 1);
      assert.match(stderr, /belongs to page 1001, but --page is 1002/);
      assert.equal(countUploads(bench.sim), 0);
    });

    it('refuses to begin without a token', async () => {
      const { code, stderr } = await bench.tool(['warm', 'cats', '--page', PAGE.id, ...IN_ASSETS], {
        env: { FACEBOOK_ACCESS_TOKEN: ' ' },
      });
      assert.equal(code, 2);
      assert.match(
        stderr,
        /^error: expected FACEBOOK_ACCESS_TOKEN to hold the page’s access token, got none/,
      );
      assert.equal(bench.sim.totals().calls, 0);
    });

    it('tells that the token is invalid, and not the token', async () => {
      const { code, stdout, stderr } = await bench.tool(['warm', 'cats', ...IN_ASSETS], {
        env: { FACEBOOK_ACCESS_TOKEN: 'EAAB-forged', FACEBOOK_APP_SECRET: 'forged-secret' },
      });
      assert.equal(code, 1);
      assert.match(stderr, /\[190\]/);
      assert.doesNotMatch(stdout + stderr, /forged/);
    });
  });

  it('takes the store from the environment', async () => {
    const { code } = await bench.tool(['warm', 'paw.png', '--root', ASSETS], {
      env: { ...TOKEN, FACEBOOK_ATTACHMENTS_STORE: STORE },
    });
    assert.equal(code, 0);
  });
});
