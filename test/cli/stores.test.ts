import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmod, lstat, readdir, readFile, symlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { promisify } from 'node:util';
import KeyvFile from 'keyv-file';
import { image } from '../../src';
import { countUploads } from '../support/platform/received';
import { ASSETS } from '../support/files/assets';
import { hidePackage, STORE, TOKEN, workbench } from './support';

/** A storage adapter over a Map, with faults, in the place of one that needs a server. */
const ADAPTER = `
  const EventEmitter = require('node:events');
  module.exports.default = class extends EventEmitter {
    opts = { dialect: 'mysql' };
    records = new Map();
    sets = 0;
    get(key) { return this.records.get(key); }
    delete(key) { return this.records.delete(key); }
    clear() {}
    set(key, value) { this.sets++; FAULT; this.records.set(key, value); }
    async *iterator() {
      if (!(this.opts.iterationLimit >= 1000)) throw new Error('the stack overflows');
      yield* this.records;
    }
  };`;

describe('The store of facebook-attachments', () => {
  const bench = workbench();
  const warm = (store: string, ...more: string[]) =>
    bench.tool(['warm', 'cats', '--root', ASSETS, '--store', store, ...more]);
  // Redis' client goes on trying to connect after it has been told to stop; the tool's process ends nevertheless.
  const warmApart = async (store: string) => {
    const spawned = await bench.spawnTool(['warm', 'cats', '--root', ASSETS, '--store', store]);
    return spawned.ended;
  };
  const installAdapter = (fault: string) =>
    bench.folder.write('node_modules/@keyv/mysql/index.js', ADAPTER.replace('FAULT', fault));

  it('may be a folder with a file for each ID, for which a name without extension is enough', async () => {
    await warm('file://.data/attachment-ids');
    assert.equal(
      (await readdir(bench.folder.at('.data/attachment-ids'))).filter((name) => name.includes('image'))
        .length,
      2,
    );
    const store = new KeyvFile({ filename: bench.folder.at('.data/attachment-ids'), separatedFile: true });
    const botkit = await bench.openBotkit({ store });
    await (await botkit.bot()).say(image('cats/tom.jpg'));
    assert.equal(countUploads(bench.sim), 2);
    const { stdout } = await bench.tool(['list', '--store', 'file://.data/attachment-ids/']);
    assert.match(stdout, /image "cats\/tom\.jpg"/);
  });

  const MISSING = ['file://.data/attachment-ids', 'file://ids.json', 'sqlite://ids.sqlite'];
  for (const store of MISSING) {
    for (const [name, ...more] of [['list'], ['prune'], ['forget', 'x'], ['refresh'], ['list', '--json']]) {
      it(`is not created by ${[name, ...more].join(' ')}, which says that there is no ${store}`, async () => {
        const ended = await bench.tool([name ?? '', ...more, '--store', store]);
        const stderr = `There is no store ${store}. Check its address\n`;
        assert.deepEqual(ended, { code: 1, stdout: '', stderr });
        assert.deepEqual(await readdir(bench.folder.path), []);
      });
    }

    it(`is not created by a dry run, which says that there is no ${store} yet`, async () => {
      for (const command of ['warm', 'refresh']) {
        const args = [command, 'cats/tom.jpg', '--dry-run', '--root', ASSETS, '--store', store];
        const { code, stdout, stderr } = await bench.tool(args);
        assert.equal(code, 0);
        assert.match(stdout, /^to upload +image "cats\/tom\.jpg"/);
        assert.equal(
          stderr,
          `There is no store ${store} yet; the same command without --dry-run creates it\n`,
        );
      }
      assert.deepEqual(await readdir(bench.folder.path), []);
    });
  }

  it('may be named by an absolute address', async () => {
    const { code } = await warm(`file://${bench.folder.at('a folder', 'ids.json').replace(' ', '%20')}`);
    assert.equal(code, 0);
    assert.deepEqual(await readdir(bench.folder.at('a folder')), ['ids.json']);
  });

  it('in one file has every ID at the end, however many came at a time', async () => {
    await Promise.all(
      Array.from({ length: 60 }, (_, index) => bench.folder.write(`assets/${index}.png`, `picture ${index}`)),
    );
    await bench.tool(['warm', 'assets', '--concurrency', '20', '--store', STORE]);
    const { stdout } = await bench.tool(['list', '--json', '--store', STORE]);
    assert.equal((JSON.parse(stdout) as unknown[]).length, 60);
    assert.deepEqual((await readdir(bench.folder.path)).sort(), ['assets', 'ids.json']);
  });

  const modeOf = async (...name: string[]): Promise<string> =>
    ((await lstat(bench.folder.at(...name))).mode & 0o777).toString(8);

  it('is for its user alone if the tool creates it, as one file or as a folder', async () => {
    await warm(STORE);
    await warm('file://ids');
    assert.deepEqual([await modeOf('ids.json'), await modeOf('ids')], ['600', '700']);
  });

  it('keeps its mode if it was there, so that the bot can go on reading it', async () => {
    await warm(STORE);
    await chmod(bench.folder.at('ids.json'), 0o640);
    await bench.tool(['warm', 'paw.png', '--root', ASSETS, '--store', STORE]);
    assert.equal(await modeOf('ids.json'), '640');
    const { stdout } = await bench.tool(['list', '--json', '--store', STORE]);
    assert.equal((JSON.parse(stdout) as unknown[]).length, 3);
  });

  it('is written through no link that somebody put in its way', async () => {
    const victim = await bench.folder.write('victim', 'precious');
    const missing = bench.folder.at('missing');
    const beside = bench.folder.at(`ids.json.${process.pid}.tmp`);
    await symlink(victim, beside);
    await symlink(missing, bench.folder.at('ids.json'));
    assert.equal((await warm(STORE)).code, 0);
    assert.equal(await readFile(victim, 'utf8'), 'precious');
    assert.ok((await lstat(beside)).isSymbolicLink(), 'it was not touched');
    assert.ok((await lstat(bench.folder.at('ids.json'))).isFile(), 'the link is replaced, and not followed');
    await assert.rejects(lstat(missing), { code: 'ENOENT' });
  });

  it('is no folder that holds a link, which would be written through', async () => {
    const victim = await bench.folder.write('victim', 'precious');
    await warm('file://ids');
    await symlink(victim, bench.folder.at('ids', 'facebook_2Dattachments'));
    const { code, stderr } = await warm('file://ids');
    assert.equal(code, 1);
    assert.match(stderr, /: it is not a folder of keyv-file\n$/);
  });

  it('keeps what else stands in it', async () => {
    const other = new KeyvFile({ filename: bench.folder.at('ids.json') });
    await other.set('mine', 'kept');
    await warm(STORE);
    assert.equal(await new KeyvFile({ filename: bench.folder.at('ids.json') }).get('mine'), 'kept');
  });

  for (const content of ['{"name":"a project"}', '[1,2]', 'null', 'no JSON', '{"cache":[["ke']) {
    it(`is no file that holds ${content}, and that stays as it is`, async () => {
      const file = await bench.folder.write('ids.json', content);
      const { code, stderr } = await warm(STORE);
      assert.equal(code, 1);
      assert.equal(
        stderr,
        'The store file://ids.json cannot be used: it is not a file of keyv-file, or it is damaged\n',
      );
      assert.equal(await readFile(file, 'utf8'), content);
      assert.equal(bench.sim.totals().calls, 0);
    });
  }

  it('is no folder of something else', async () => {
    await bench.folder.write('package.json', '{}');
    const { code, stderr } = await warm('file://.');
    assert.equal(code, 1);
    assert.match(stderr, /: it is not a folder of keyv-file\n$/);
    assert.deepEqual(await readdir(bench.folder.path), ['package.json']);
  });

  it('is tried before anything is uploaded: one that cannot be written', async () => {
    await bench.folder.write('file', '{"cache":[]}');
    const { code, stderr } = await warm('file://file/ids.json');
    assert.equal(code, 1);
    assert.match(stderr, /^The store file:\/\/file\/ids\.json cannot be used: ENOTDIR\b.*\n$/);
    assert.equal(bench.sim.totals().calls, 0);
  });

  it('is tried before anything is uploaded: a server that is down, whose password is not told', async () => {
    const { code, stdout, stderr } = await warmApart('redis://bot:hunter22@127.0.0.1:1/0?secret=hunter22');
    assert.equal(code, 1);
    assert.equal(
      stderr,
      'The store redis://127.0.0.1:1/0 cannot be used: connect ECONNREFUSED 127.0.0.1:1\n',
    );
    assert.equal(stdout, '');
    assert.equal(bench.sim.totals().calls, 0);
  });

  it('is tried before anything is uploaded: a server that never answers', async () => {
    // It hears what is said, and the end of it.
    const server = createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
    bench.closeAfterTest({ close: () => promisify(server.close.bind(server))() });
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const spawned = await bench.spawnTool(['list', '--store', `redis://127.0.0.1:${port}`]);
    const { code, stderr } = await spawned.ended;
    assert.equal(code, 1);
    assert.equal(stderr, `The store redis://127.0.0.1:${port} cannot be used: no answer within 5 s\n`);
  });

  it('names the package that it needs, and how to install it', async () => {
    hidePackage('@keyv/mysql');
    const { code, stderr } = await warm('mysql://bot@localhost/bot');
    assert.equal(code, 1);
    assert.match(
      stderr,
      /it needs the package @keyv\/mysql, which is not installed: npm install @keyv\/mysql\n$/,
    );
  });

  it('takes the package that the project has installed', async () => {
    await installAdapter('');
    const { code } = await warm('mysql://bot@localhost/bot');
    assert.equal(code, 0);
  });

  it('is read many rows at a time, for the adapters of databases overflow the stack with few', async () => {
    await installAdapter('');
    const { code, stdout } = await bench.tool(['list', '--json', '--store', 'mysql://bot@localhost/bot']);
    assert.deepEqual([code, stdout.trim()], [0, '[]']);
  });

  it('tells in a line why a package that is there cannot be loaded', async () => {
    await bench.folder.write(
      'node_modules/@keyv/mysql/index.js',
      "throw new Error('no binary\\nfor this machine')",
    );
    const { code, stderr } = await warm('mysql://bot@localhost/bot');
    assert.equal(code, 1);
    assert.equal(stderr, 'The store mysql://localhost/bot cannot be used: no binary\n');
  });

  it('is noticed when it keeps nothing', async () => {
    await installAdapter('return');
    const { code, stderr } = await warm('mysql://bot@localhost/bot');
    assert.equal(code, 1);
    assert.match(stderr, /it does not keep written records/);
    assert.equal(bench.sim.totals().calls, 0);
  });

  it('that refuses one ID and takes others gets the others, and the one is told', async () => {
    await installAdapter(`if (value.includes('mia')) throw new Error('Incorrect string value')`);
    const { code, stdout, stderr } = await warm('mysql://bot@localhost/bot');
    assert.equal(code, 1);
    assert.equal(
      stderr,
      'The store mysql://localhost/bot refused the ID of image "cats/mia.jpg": Incorrect string value. It is not saved; the store accepts others\n',
    );
    assert.match(stdout, /^2 uploaded/m);
  });

  it('that fails on the way ends the uploads, and says so', async () => {
    await installAdapter(`if (this.sets > 2) throw new Error('disk full for bot:hunter22')`);
    const { code, stdout, stderr } = await bench.tool([
      ...[
        'warm',
        '.',
        '--root',
        ASSETS,
        '--concurrency',
        '1',
        '--store',
        'mysql://bot:hunter22@localhost/bot',
      ],
    ]);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^The store mysql:\/\/localhost\/bot failed: disk full for bot:….*run the same command again/,
    );
    assert.match(stdout, /\d uploaded .*, \d skipped/);
    assert.ok(countUploads(bench.sim) < 8);
  });

  it('that fails where nobody catches it ends the uploads just the same', async () => {
    await installAdapter(`if (this.sets === 2) setTimeout(() => { throw new Error('connection lost'); })`);
    bench.sim.addFaults({ purpose: 'upload-file', times: 8, delayMs: 200 });
    const spawned = await bench.spawnTool([
      ...['warm', '.', '--root', ASSETS, '--concurrency', '1', '--store', 'mysql://bot@localhost/bot'],
    ]);
    const { code, stdout, stderr } = await spawned.ended;
    assert.equal(code, 1);
    assert.match(stderr, /^The store mysql:\/\/localhost\/bot failed: connection lost\. .*\n$/);
    assert.match(stdout, /\d uploaded .*, \d skipped/);
  });

  it('tells a password in no form', async () => {
    const env = { ...TOKEN, FACEBOOK_ATTACHMENTS_STORE: 'redis://:p%40ss+word@127.0.0.1:1' };
    const spawned = await bench.spawnTool(['warm', 'cats', '--root', ASSETS], { env });
    const { stdout, stderr } = await spawned.ended;
    assert.doesNotMatch(stdout + stderr, /p%40ss|p@ss/);
    const unreadable = await warmApart('redis://:p#s/word@127.0.0.1:1');
    assert.equal(unreadable.code, 1);
    assert.doesNotMatch(unreadable.stderr, /p#s|word/);
  });
});
