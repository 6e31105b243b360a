import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, readdir, readFile, truncate } from 'node:fs/promises';
import { createServer } from 'node:net';
import { countUploads } from '../support/platform/received';
import { ASSETS, readAsset } from '../support/files/assets';
import { freePort } from '../support/platform/listen';
import { OTHER_PAGE, PAGE } from '../support/platform/pages';
import { hidePackage, STORE, TOKEN, workbench, type Ended, type ToolOptions } from './support';
import type { Check } from '../../src/cli/doctor/check';

const SECRETS = Object.values(TOKEN).map(String);

const NAMES = [
  'Node version',
  'Botkit adapter',
  'request',
  '.env',
  'API host',
  'certificate',
  'API version',
  'token',
  'app secret',
  'upload',
  'store read',
  'store write',
  'store list',
  'root',
  'files',
];

describe('facebook-attachments doctor', () => {
  const bench = workbench();

  /** Its checks by name, and the whole. */
  async function examine(
    args: readonly string[] = [],
    options?: ToolOptions,
  ): Promise<Ended & { checks: Check[]; of: (name: string) => Check | undefined }> {
    const ended = await bench.tool(['doctor', '--json', ...args], options);
    for (const secret of SECRETS) assert.equal((ended.stdout + ended.stderr).includes(secret), false);
    const { checks } = JSON.parse(ended.stdout) as { checks: Check[] };
    return { ...ended, checks, of: (name) => checks.find((check) => check.name === name) };
  }

  const outcomes = (checks: readonly Check[]): [string, string][] =>
    checks.map(({ name, outcome }) => [name, outcome]);

  /** A package of the project in the current folder. */
  async function install(name: string, version: string): Promise<void> {
    await bench.folder.write(`node_modules/${name}/package.json`, JSON.stringify({ name, version }));
  }

  it('finds nothing wrong where nothing is, and uploads nothing', async () => {
    for (const name of ['botbuilder-adapter-facebook', 'botkit', 'request']) await install(name, '1.0.12');
    await bench.folder.write('.env', `FACEBOOK_API_HOST=${bench.sim.host}\nOTHER=1`);
    await bench.folder.write('assets/paw.png', readAsset('paw.png'));
    await bench.createStore();
    const { code, checks, of } = await examine(['--root', 'assets', '--store', STORE, '--page', PAGE.id]);
    assert.deepEqual(
      outcomes(checks),
      NAMES.map((name) => [name, name === 'upload' ? 'skipped' : 'ok']),
    );
    assert.equal(code, 0);
    assert.equal(of('token')?.detail, 'page 1001, "Page 1001"');
    assert.equal(of('.env')?.detail, 'it has FACEBOOK_API_HOST');
    assert.deepEqual(of('files'), {
      name: 'files',
      outcome: 'ok',
      detail: '1, 64.5 kB in total; no problem was found in 1 of them',
      cure: null,
    });
    assert.equal(countUploads(bench.sim), 0);
    const { stdout } = await bench.tool(['list', '--json', '--store', STORE]);
    assert.deepEqual(JSON.parse(stdout), []);
  });

  it('prints a line for each check, what to do below it, and the counts', async () => {
    const { code, stdout, stderr } = await bench.tool(['doctor'], { env: {} });
    assert.equal(code, 1);
    assert.equal(stderr, '');
    assert.match(stdout, /^ok {6} Node version {4}\d+\.\d+\.\d+$/m);
    assert.match(
      stdout,
      /^failed {2} token {11}FACEBOOK_ACCESS_TOKEN is not set\n {9}→ Create a page access token/m,
    );
    assert.match(stdout, /\n\n4 ok, 1 warning, 1 failed, 9 skipped\n$/);
  });

  it('uploads a picture if it is told to, and saves no ID of it', async () => {
    await bench.createStore();
    const { code, of } = await examine(['--upload', '--store', STORE]);
    assert.equal(code, 0);
    const [asset, ...more] = bench.sim.assets();
    assert.deepEqual(more, []);
    assert.equal(of('upload')?.detail, `a picture of one pixel has the ID ${asset?.id ?? ''}`);
    const { stdout } = await bench.tool(['list', '--json', '--store', STORE]);
    assert.deepEqual(JSON.parse(stdout), []);
  });

  it('tells why a picture cannot be uploaded', async () => {
    bench.sim.addFaults({ purpose: 'upload-file', error: { code: 200, message: 'Not permitted' } });
    const { code, of } = await examine(['--upload']);
    assert.equal(code, 1);
    assert.match(of('upload')?.detail ?? '', /Not permitted \[200\]/);
  });

  it('needs neither a token nor a store, nor right options, to say what is missing', async () => {
    const { code, checks } = await examine(['--root', 'nowhere'], {
      env: { FACEBOOK_API_HOST: 'https://x.y' },
    });
    assert.equal(code, 1);
    const found = new Map(outcomes(checks));
    for (const name of ['API host', 'token', 'root']) assert.equal(found.get(name), 'failed');
    for (const name of ['certificate', 'app secret', 'upload', 'files'])
      assert.equal(found.get(name), 'skipped');
    assert.equal(found.get('store read'), 'warning');
    for (const { outcome, cure } of checks)
      if (outcome === 'failed' || outcome === 'warning') assert.ok(cure);
  });

  describe('of the packages', () => {
    it('says how to install `request`, which the adapter needs', async () => {
      await install('botbuilder-adapter-facebook', '1.0.12');
      const { of } = await examine();
      assert.deepEqual(
        [of('request')?.outcome, of('request')?.cure],
        ['failed', 'npm install request@npm:@cypress/request@3'],
      );
    });

    it('warns of an adapter that the plugin is not tested with', async () => {
      await install('botbuilder-adapter-facebook', '0.9.0');
      const { of } = await examine();
      assert.equal(of('Botkit adapter')?.outcome, 'warning');
      assert.equal(of('Botkit adapter')?.cure, 'npm install botbuilder-adapter-facebook@"^1.0.12"');
    });

    it('does not miss an adapter where there is none', async () => {
      assert.deepEqual(outcomes((await examine()).checks).slice(1, 3), [
        ['Botkit adapter', 'skipped'],
        ['request', 'skipped'],
      ]);
    });
  });

  describe('of .env', () => {
    it('warns if the environment has another value, which it shows no more than the other', async () => {
      await bench.folder.write('.env', 'FACEBOOK_ACCESS_TOKEN=EAAB-other\nFACEBOOK_VERIFY_TOKEN=x');
      const { of, stdout } = await examine();
      assert.equal(of('.env')?.outcome, 'warning');
      assert.match(of('.env')?.detail ?? '', /other values for FACEBOOK_ACCESS_TOKEN, FACEBOOK_VERIFY_TOKEN/);
      assert.equal(stdout.includes('EAAB-other'), false);
    });

    it('says that it cannot be read', async () => {
      await mkdir(bench.folder.at('.env'));
      assert.equal((await examine()).of('.env')?.outcome, 'failed');
    });

    it('names what may be the token', async () => {
      await bench.folder.write('.env', 'PAGE_TOKEN=x\nFACEBOOK_VERIFY_TOKEN=y');
      const { of } = await examine([], { env: {} });
      assert.match(of('token')?.cure ?? '', /In \.env there is PAGE_TOKEN: rename it\.$/);
    });
  });

  describe('of the platform', () => {
    it('names the page of the token, and fails if another one is asked for', async () => {
      const { code, of } = await examine(['--page', OTHER_PAGE.id]);
      assert.equal(code, 1);
      assert.match(of('token')?.detail ?? '', /^it belongs to page 1001, .*, but --page is 1002$/);
    });

    it('tells an invalid token from a wrong secret and a missing one', async () => {
      const forged = await examine([], { env: { ...TOKEN, FACEBOOK_ACCESS_TOKEN: 'EAAB-forged' } });
      assert.match(forged.of('token')?.detail ?? '', /Invalid OAuth access token \[190\]/);
      assert.equal(forged.of('app secret')?.outcome, 'skipped');
      for (const FACEBOOK_APP_SECRET of ['wrong', '']) {
        const { of } = await examine([], { env: { ...TOKEN, FACEBOOK_APP_SECRET } });
        assert.equal(of('app secret')?.outcome, 'failed');
        assert.equal(of('token')?.outcome, 'skipped');
      }
    });

    it('knows a wrong secret, whatever type Facebook gives the error', async () => {
      const message = 'Invalid appsecret_proof provided in the API argument';
      const body = { error: { message, type: 'OAuthException', code: 100, fbtrace_id: 'A' } };
      bench.sim.addFaults({ purpose: 'read', afterCalls: 1, status: 400, body });
      const { of } = await examine();
      assert.deepEqual([of('token')?.outcome, of('app secret')?.outcome], ['skipped', 'failed']);
      assert.match(of('app secret')?.cure ?? '', /^Set FACEBOOK_APP_SECRET/);
    });

    it('warns if there is no secret, and none is wanted', async () => {
      bench.sim.addFaults({ purpose: 'read', afterCalls: 1, body: { id: PAGE.id, name: 'Cats' } });
      const { code, of } = await examine([], { env: { FACEBOOK_ACCESS_TOKEN: PAGE.token } });
      assert.deepEqual([code, of('token')?.outcome, of('app secret')?.outcome], [0, 'ok', 'warning']);
    });

    it('says what a token or a secret looks like that cannot be one', async () => {
      const token = await examine([], { env: { ...TOKEN, FACEBOOK_ACCESS_TOKEN: 'a token' } });
      assert.match(
        token.of('token')?.detail ?? '',
        /^expected FACEBOOK_ACCESS_TOKEN to be .* without spaces/,
      );
      const secret = await examine([], { env: { ...TOKEN, FACEBOOK_APP_SECRET: 'a secret' } });
      assert.match(
        secret.of('app secret')?.detail ?? '',
        /^expected FACEBOOK_APP_SECRET to be .* without spaces/,
      );
    });

    it('warns of a version that is served by another one', async () => {
      const headers = { 'facebook-api-version': 'v22.0' };
      bench.sim.addFaults({ purpose: 'read', error: { code: 190 }, headers });
      const { code, of } = await examine(['--api-version', 'v3.2']);
      assert.equal(code, 0);
      assert.equal(of('API version')?.outcome, 'warning');
      assert.match(of('API version')?.detail ?? '', /^v3\.2 was requested, but v22\.0 answered/);
    });

    it('says that a host cannot be reached, and judges nothing behind it', async () => {
      const host = `127.0.0.1:${await freePort()}`;
      const { code, checks, of } = await examine(['--api-host', host]);
      assert.equal(code, 1);
      assert.match(of('API host')?.detail ?? '', /cannot be reached: .*ECONNREFUSED/);
      const behind = ['certificate', 'API version', 'token', 'app secret', 'upload'];
      assert.deepEqual(
        outcomes(checks).filter(([name]) => behind.includes(name)),
        behind.map((name) => [name, 'skipped']),
      );
    });

    it('knows an HTTP port', async () => {
      const { of } = await examine(['--api-host', new URL(bench.sim.httpUrl).host]);
      assert.equal(of('API host')?.outcome, 'failed');
      assert.match(of('API host')?.cure ?? '', /give the HTTPS port/);
    });

    it('knows a server that is not the Graph API', async () => {
      bench.sim.addFaults({ purpose: 'read', status: 200, body: '<html>Welcome' });
      const { of } = await examine();
      assert.match(of('API host')?.detail ?? '', /is not the Graph API$/);
      assert.deepEqual([of('certificate')?.outcome, of('token')?.outcome], ['ok', 'skipped']);
    });

    it('says how a certificate comes to be trusted, and that .env is too late for that', async () => {
      const authority = bench.folder.at('..', 'ca.pem');
      await bench.folder.write('.env', `NODE_EXTRA_CA_CERTS=${authority}`);
      const env = { ...TOKEN, NODE_EXTRA_CA_CERTS: undefined };
      const { code, stdout } = await (await bench.spawnTool(['doctor', '--json'], { env })).ended;
      assert.equal(code, 1);
      const { checks } = JSON.parse(stdout) as { checks: Check[] };
      const found = checks.find(({ name }) => name === 'certificate');
      assert.equal(found?.outcome, 'failed');
      assert.match(found.cure ?? '', /NODE_EXTRA_CA_CERTS=.* In \.env it comes too late/);
      assert.equal(new Map(outcomes(checks)).get('API host'), 'ok');
    });
  });

  describe('of the store', () => {
    it('says that a server is not there, without its password', async () => {
      const store = `redis://:hunter22@127.0.0.1:${await freePort()}`;
      const { code, of, stdout } = await examine(['--store', store]);
      assert.equal(code, 1);
      assert.equal(of('store read')?.outcome, 'failed');
      assert.equal(of('store list')?.outcome, 'skipped');
      assert.equal(stdout.includes('hunter22'), false);
    });

    it('warns of a store that is not there, and creates none', async () => {
      for (const store of ['file://.data/ids', 'file://ids.json', 'sqlite://ids.sqlite']) {
        const { of } = await examine(['--store', store]);
        assert.equal(of('store read')?.outcome, 'warning');
        assert.equal(of('store read')?.detail, `there is no store ${store} yet`);
        assert.deepEqual([of('store write')?.outcome, of('store list')?.outcome], ['skipped', 'skipped']);
      }
      assert.deepEqual(await readdir(bench.folder.path), []);
    });

    it('says that a server does not answer', async function () {
      const silent = createServer().listen(0, '127.0.0.1');
      await once(silent, 'listening');
      bench.closeAfterTest({ close: () => Promise.resolve(silent.close()) });
      const { port } = silent.address() as { port: number };
      const { of } = await examine(['--store', `redis://127.0.0.1:${port}`]);
      assert.match(of('store read')?.detail ?? '', /no answer within 5 s/);
    });

    it('says which package it needs, and which addresses there are', async () => {
      hidePackage('@keyv/postgres');
      const missing = await examine(['--store', 'postgres://bot@localhost/bot']);
      assert.equal(missing.of('store read')?.cure, 'npm install @keyv/postgres');
      const unknown = await examine(['--store', 'mongodb://localhost']);
      assert.match(unknown.of('store read')?.detail ?? '', /begins with one of redis:\/\//);
    });

    it('counts the IDs in it', async () => {
      await bench.tool(['warm', 'cats', '--root', ASSETS, '--store', STORE]);
      const before = await readFile(bench.folder.at('ids.json'), 'utf8');
      const { of } = await examine(['--store', STORE]);
      assert.equal(of('store list')?.detail, '2 IDs');
      const stored = (text: string): object => (JSON.parse(text) as { cache: object }).cache;
      assert.deepEqual(stored(await readFile(bench.folder.at('ids.json'), 'utf8')), stored(before));
    });
  });

  describe('of the files', () => {
    /** What it finds in a folder with this file, besides a good one. */
    async function finding(name: string, content: string | Uint8Array): Promise<Check | undefined> {
      await bench.folder.write(`assets/${name}`, content);
      const { of } = await examine(['--root', 'assets']);
      return of(`file "${name}"`);
    }

    const cases: readonly (readonly [string, string, string | Uint8Array, Check['outcome'], RegExp])[] = [
      ['has no content', 'empty.png', '', 'failed', /no content/],
      ['is an error page', 'page.png', '<html>404', 'failed', /its content is not image\/png/],
      [
        'is another kind of thing',
        'paw.jpg',
        readAsset('cat-care.pdf'),
        'failed',
        /its content is application\/pdf/,
      ],
      [
        'is a picture under a sound’s name',
        'paw.mp3',
        readAsset('paw.png'),
        'failed',
        /its content is image\/png/,
      ],
      [
        'is a picture of another format',
        'paw.jpg',
        readAsset('paw.png'),
        'warning',
        /its content is image\/png/,
      ],
      [
        'is of a format that Facebook does not show',
        'paw.webp',
        'RIFF....WEBPVP8 ',
        'warning',
        /image\/webp/,
      ],
      [
        'is a pointer of Git LFS',
        'night.mp4',
        'version https://git-lfs.github.com/spec/v1',
        'failed',
        /Git LFS/,
      ],
    ];
    for (const [what, name, content, outcome, detail] of cases) {
      it(`finds one that ${what}`, async () => {
        const check = await finding(name, content);
        assert.equal(check?.outcome, outcome);
        assert.match(check.detail, detail);
        assert.ok(check.cure);
      });
    }

    it('finds those that are too large', async () => {
      for (const [name, megabytes] of [
        ['big.mp4', 26],
        ['big.png', 9],
      ] as const) {
        const file = await bench.folder.write(
          `assets/${name}`,
          readAsset(name === 'big.png' ? 'paw.png' : 'night.mp4'),
        );
        await truncate(file, megabytes * 1024 * 1024);
      }
      const { code, of } = await examine(['--root', 'assets']);
      assert.equal(code, 1);
      assert.equal(of('file "big.mp4"')?.outcome, 'failed');
      assert.match(of('file "big.png"')?.detail ?? '', /^it has 9\.4 MB, and Facebook limits images/);
      assert.deepEqual([of('file "big.png"')?.outcome, of('files')?.outcome], ['warning', 'failed']);
    });

    it('finds nothing wrong with the example bot’s, nor with what it is to leave out', async () => {
      const { of } = await examine(['--root', ASSETS]);
      assert.match(of('files')?.detail ?? '', /^7, 375 kB in total; no problem was found in 7 of them/);
      await bench.folder.write('assets/paw.psd.png', 'no picture');
      const { of: without } = await examine(['--root', 'assets', '--exclude', '*.psd.png']);
      assert.equal(without('files')?.detail, 'there are none');
    });

    it('finds no file in an empty root, and looks for none elsewhere', async () => {
      await mkdir(bench.folder.at('assets'));
      await bench.folder.write('bot.js', 'code');
      const { of } = await examine(['--root', 'assets']);
      assert.deepEqual([of('files')?.outcome, of('files')?.detail], ['warning', 'there are none']);
    });

    it('warns of a root that holds what is not for messages', async () => {
      await bench.folder.write('package.json', '{}');
      const { of } = await examine(['--root', '.']);
      assert.equal(of('root')?.outcome, 'warning');
      assert.match(of('root')?.detail ?? '', /contains package\.json/);
    });
  });

  it('ends when it is stopped', async () => {
    const { code } = await bench.tool(['doctor'], { signal: AbortSignal.abort() });
    assert.equal(code, 130);
  });
});
