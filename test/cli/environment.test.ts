import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { countUploads } from '../support/platform/received';
import { ASSETS } from '../support/files/assets';
import { IN_ASSETS, STORE, TOKEN, workbench } from './support';

const SECRET = 'hunter22';

describe('facebook-attachments, by its environment', () => {
  const bench = workbench();

  it('takes the host of the Graph API from FACEBOOK_API_HOST, and --api-host before it', async () => {
    const env = { ...TOKEN, FACEBOOK_API_HOST: '127.0.0.1:1' };
    const { code, stderr } = await bench.tool(['warm', 'cats', ...IN_ASSETS], { env });
    assert.equal(code, 1);
    assert.match(stderr, /ERR_GRAPH_UNREACHABLE/);
    const named = await bench.tool(['warm', 'cats', '--api-host', bench.sim.host, ...IN_ASSETS], { env });
    assert.equal(named.code, 0);
    assert.equal(countUploads(bench.sim), 2);
  });

  it('says what is wrong with FACEBOOK_API_HOST, and not what it holds that is secret', async () => {
    const env = { ...TOKEN, FACEBOOK_API_HOST: `https://bot:${SECRET}@graph.facebook.com` };
    const { code, stderr } = await bench.tool(['warm', 'cats', ...IN_ASSETS], { env });
    assert.equal(code, 2);
    assert.match(
      stderr,
      /^error: expected FACEBOOK_API_HOST to be a host such as graph\.facebook\.com or localhost:8443, without https:\/\/ and path, got "https:\/\/graph\.facebook\.com"$/m,
    );
    assert.equal(stderr.includes(SECRET), false);
  });

  const unusable: readonly (readonly [env: NodeJS.ProcessEnv, variable: string, expected: string])[] = [
    [
      { FACEBOOK_ACCESS_TOKEN: `a ${SECRET}` },
      'FACEBOOK_ACCESS_TOKEN',
      'the access token of a page, without spaces and with ASCII characters only',
    ],
    [
      { FACEBOOK_ACCESS_TOKEN: `“${SECRET}”` },
      'FACEBOOK_ACCESS_TOKEN',
      'the access token of a page, without spaces and with ASCII characters only',
    ],
    [
      { ...TOKEN, FACEBOOK_APP_SECRET: `a ${SECRET}` },
      'FACEBOOK_APP_SECRET',
      'the secret of the app, without spaces and with ASCII characters only',
    ],
  ];
  for (const [env, variable, expected] of unusable) {
    it(`names the variable that cannot be used, and not what it holds: ${JSON.stringify(env)}`, async () => {
      const { code, stdout, stderr } = await bench.tool(['warm', 'cats', ...IN_ASSETS], { env });
      assert.equal(code, 2);
      assert.equal(
        stderr,
        `error: expected ${variable} to be ${expected}, got another value\nMore: facebook-attachments warm --help\n`,
      );
      assert.equal((stdout + stderr).includes(SECRET), false);
      assert.equal(bench.sim.totals().calls, 0);
    });
  }

  it('does not mind a token that cannot be used where none is needed', async () => {
    await bench.createStore();
    const env = { FACEBOOK_ACCESS_TOKEN: 'a b' };
    assert.equal((await bench.tool(['list', '--store', STORE], { env })).code, 0);
    assert.equal((await bench.tool(['forget', '--id', '1', '--store', STORE], { env })).code, 0);
  });

  describe('in a file .env', () => {
    const WARM = ['warm', 'cats', '--root', ASSETS];
    /** Nothing of it is in the environment. */
    const BARE = { FACEBOOK_API_HOST: undefined };
    const lines = (): string[] => [
      `FACEBOOK_ACCESS_TOKEN="${TOKEN.FACEBOOK_ACCESS_TOKEN}"`,
      `export FACEBOOK_APP_SECRET='${TOKEN.FACEBOOK_APP_SECRET ?? ''}' # of the app`,
      `FACEBOOK_API_HOST=${bench.sim.host}`,
      `FACEBOOK_ATTACHMENTS_STORE=${STORE}`,
    ];

    it('finds all that it needs, and prints none of it', async () => {
      await bench.folder.write('.env', lines().join('\n'));
      const { code, stdout, stderr } = await (await bench.spawnTool(WARM, { env: BARE })).ended;
      assert.deepEqual([code, stderr], [0, '']);
      assert.equal(countUploads(bench.sim), 2);
      for (const secret of Object.values(TOKEN)) assert.equal(stdout.includes(String(secret)), false);
    });

    it('takes what the environment has before what is in the file', async () => {
      await bench.folder.write('.env', [...lines(), 'FACEBOOK_ACCESS_TOKEN=EAAB-forged'].join('\n'));
      const { code } = await (await bench.spawnTool(WARM, { env: { ...BARE, ...TOKEN } })).ended;
      assert.equal(code, 0);
    });

    it('keeps a token of the file out of what Facebook’s errors say', async () => {
      await bench.folder.write('.env', [...lines(), `FACEBOOK_ACCESS_TOKEN=${SECRET}`].join('\n'));
      bench.sim.addFaults({
        purpose: 'read',
        error: { code: 190, message: `Malformed access token ${SECRET}` },
      });
      const { code, stdout, stderr } = await (await bench.spawnTool(WARM, { env: BARE })).ended;
      assert.equal(code, 1);
      assert.match(stderr, /Malformed access token … \[190\]/);
      assert.equal((stdout + stderr).includes(SECRET), false);
    });

    it('says when the file cannot be read, and goes on', async () => {
      await mkdir(bench.folder.at('.env'));
      const { code, stderr } = await (await bench.spawnTool(['warm', 'cats', ...IN_ASSETS])).ended;
      assert.equal(code, 0);
      assert.match(stderr, /^The file \.env cannot be read: /);
    });
  });
});
