import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import { createServer } from 'node:http';
import { setImmediate as turn } from 'node:timers/promises';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import sinon from 'sinon';
import { Agent } from 'undici';
import { FetchedAddresses, type FetchList } from '../../../src/source/fetched-addresses';
import type { Asset, AttachmentType } from '../../../src/source/asset';
import type { CacheKey } from '../../../src/source/web-address';
import { readAsset } from '../../support/files/assets';
import { fileOf } from '../../support/files/asset-content';
import { sha256 } from '../../support/checks/sha256';
import { fakeTime } from '../../support/checks/fake-time';
import { inTime, until } from '../../support/checks/waiting';
import { freePort, listen } from '../../support/platform/listen';
import { content, openOrigin, redirect, type Origin, type Serve } from '../../support/platform/origin';

const PAW = readAsset('paw.png');
const MB_25 = 26_214_400;

describe('FetchedAddresses', () => {
  let origin: Origin;
  let fetched: FetchedAddresses;
  const closing: { close(): Promise<unknown> }[] = [];

  beforeEach(async () => {
    origin = await open(content(PAW, 'image/png', { etag: '"1"' }));
    fetched = openFetched();
  });
  afterEach(async () => {
    sinon.restore();
    await Promise.all(closing.splice(0).map((thing) => thing.close()));
  });

  async function open(serve: Serve): Promise<Origin> {
    const opened = await openOrigin(serve);
    closing.push(opened);
    return opened;
  }

  function openFetched(
    origins: readonly string[] = [origin.url],
    cacheKey: CacheKey = (url) => url.href,
    when: FetchList['when'] = 'always',
  ): FetchedAddresses {
    const opened = new FetchedAddresses({ list: { origins, when }, cacheKey, dispatcher: undefined });
    closing.push(opened);
    return opened;
  }

  const identify = (path = '/paw.png', type: AttachmentType = 'image', filename?: string): Promise<Asset> =>
    fetched.identify(type, new URL(path, origin.url), filename);

  const error = (code: string, reason: string, path = '/paw.png'): object => ({
    name: 'AttachmentError',
    code,
    asset: `image ${origin.url}${path}`,
    reason,
  });

  describe('what stands at an address', () => {
    it('is its content and its type', async () => {
      const asset = await identify('/cats/paw.png?signature=abc');
      assert.equal(asset.label, `image ${origin.url}/cats/paw.png`);
      assert.equal(asset.key, `image:${sha256(PAW)}`);
      assert.equal(asset.bytes, PAW.length);
      assert.deepEqual(await fileOf(asset), { name: 'paw.png', type: 'image/png', bytes: PAW });
      assert.deepEqual(
        origin.requests.map(({ headers }) => headers.authorization),
        [undefined],
      );
    });

    it('is the same at another address', async () => {
      assert.equal((await identify('/a.png')).key, (await identify('/b.png')).key);
    });

    it('can be built again from an address without a secret', async () => {
      assert.deepEqual((await identify('/paw.png')).source, { url: `${origin.url}/paw.png` });
      assert.equal((await identify('/paw.png?signature=abc')).source, undefined);
    });

    const names: [path: string, filename: string | undefined, name: string][] = [
      ['/cats/My%20paw.png', undefined, 'My paw.png'],
      ['/cats/paw', undefined, 'paw.png'],
      ['/', undefined, 'image.png'],
      ['/a%2Fb.png', undefined, 'a_b.png'],
      ['/%E0%A4%A.png', undefined, '%E0%A4%A.png'],
      ['/paw.png', 'Own.png', 'Own.png'],
    ];
    for (const [path, filename, name] of names) {
      it(`is called ${name} at ${path}${filename === undefined ? '' : ', as it is asked for'}`, async () => {
        assert.equal((await fileOf(await identify(path, 'image', filename))).name, name);
      });
    }

    for (const type of ['application/octet-stream', '; charset=utf-8']) {
      it(`is of the type that its content tells, if its server says "${type}"`, async () => {
        origin.serve(content(PAW, type));
        assert.equal((await fileOf(await identify('/paw'))).type, 'image/png');
      });
    }

    it('is of the type that its content tells, if its server says none', async () => {
      origin.serve((response) => response.end(PAW));
      assert.equal((await fileOf(await identify('/paw'))).type, 'image/png');
    });

    it('is taken as it is if its server says that it is not encoded', async () => {
      origin.serve(content(PAW, 'image/png', { 'content-encoding': 'identity' }));
      assert.equal((await identify()).key, `image:${sha256(PAW)}`);
    });

    it('is asked for without what a server could make depend on the asker, but with the credentials of its address', async () => {
      const url = new URL('/paw.png', origin.url);
      Object.assign(url, { username: 'tom', password: 'p%40ss' });
      await fetched.identify('image', url, undefined);
      const [{ headers } = assert.fail('no request')] = origin.requests;
      assert.equal(headers['accept-encoding'], 'identity');
      assert.equal(headers.authorization, `Basic ${Buffer.from('tom:p@ss').toString('base64')}`);
      assert.equal(headers.cookie, undefined);
    });

    it('is asked for with a name or a password alone, too', async () => {
      for (const part of [{ username: 'tom' }, { password: 'secret' }]) {
        await fetched.identify('image', Object.assign(new URL('/paw.png', origin.url), part), undefined);
      }
      assert.deepEqual(
        origin.requests.map(({ headers }) => headers.authorization),
        ['tom:', ':secret'].map((both) => `Basic ${Buffer.from(both).toString('base64')}`),
      );
    });

    it('is another one at another address, also while what was fetched is fresh', async () => {
      const fresh = { 'cache-control': 'max-age=60' };
      origin.serve((response, request) => {
        content(Buffer.from(`\x89PNG ${request.url ?? ''}`), 'image/png', fresh)(response, request);
      });
      const keys = [];
      for (const name of ['/a.png', '/b.png', '/a.png']) keys.push((await identify(name)).key);
      assert.equal(keys[2], keys[0]);
      assert.notEqual(keys[1], keys[0]);
    });

    it('goes by the type that its server names, however that is written', async () => {
      origin.serve(content(Buffer.from('x'), 'TEXT/csv ; header=present'));
      assert.equal((await fileOf(await identify('/notes', 'file'))).type, 'text/csv');
    });

    it('keeps its version when its server answers that it has not changed, and does not repeat it', async () => {
      await identify();
      origin.serve((response) => response.writeHead(304).end());
      for (let times = 0; times < 2; times++) assert.equal((await identify()).key, `image:${sha256(PAW)}`);
      assert.deepEqual(
        origin.requests.map(({ headers }) => headers['if-none-match']),
        [undefined, '"1"', '"1"'],
      );
    });

    it('keeps the date of its last change when its server does not repeat that, either', async () => {
      const modified = new Date().toUTCString();
      origin.serve(content(PAW, 'image/png', { 'last-modified': modified, 'cache-control': 'no-cache' }));
      await identify();
      origin.serve((response) => response.writeHead(304, { 'cache-control': 'no-cache' }).end());
      for (let times = 0; times < 2; times++) assert.equal((await identify()).key, `image:${sha256(PAW)}`);
      assert.deepEqual(
        origin.requests.map(({ headers }) => headers['if-modified-since']),
        [undefined, modified, modified],
      );
    });

    it('goes by its file name where its server names no type', async () => {
      origin.serve((response) => response.end('x'));
      const asset = await identify('/notes.csv', 'file');
      assert.deepEqual(await fileOf(asset), { name: 'notes.csv', type: 'text/csv', bytes: Buffer.from('x') });
      const unknown = await identify('/notes', 'file');
      assert.equal((await fileOf(unknown)).name, 'notes.bin');
    });

    it('has the usual extension of its type where its address has none', async () => {
      origin.serve(content(Buffer.from('x'), 'audio/mpeg'));
      assert.equal((await fileOf(await identify('/purr', 'audio'))).name, 'purr.mp3');
    });
  });

  describe('how often it is asked for', () => {
    it('is once for all who wait', async () => {
      const assets = await Promise.all(Array.from({ length: 1_000 }, () => identify()));
      assert.equal(new Set(assets.map(({ key }) => key)).size, 1);
      assert.equal(origin.requests.length, 1);
    });

    it('is once for as long as its server says', async () => {
      origin.serve(
        content(PAW, 'image/png', { 'cache-control': 'max-age=60, must-revalidate', etag: '"1"' }),
      );
      const clock = sinon.useFakeTimers({ now: Date.now(), toFake: ['Date'] });
      await identify();
      clock.tick(59_000);
      await identify();
      assert.equal(origin.requests.length, 1);
      clock.tick(1_000);
      await identify();
      assert.equal(origin.requests.length, 2);
      assert.equal(origin.requests[1]?.headers['if-none-match'], '"1"');
    });

    it('is once for as long as its server says, also if it is for one asker only', async () => {
      origin.serve(content(PAW, 'image/png', { 'cache-control': 'private, max-age=60' }));
      await identify();
      await identify();
      assert.equal(origin.requests.length, 1);
    });

    it('is each time if its server says no time, but its content comes once', async () => {
      for (let times = 0; times < 3; times++) await identify();
      assert.deepEqual(
        origin.requests.map(({ headers }) => headers['if-none-match']),
        [undefined, '"1"', '"1"'],
      );
    });

    it('goes by the date of its last change, where there is no version', async () => {
      const modified = new Date().toUTCString();
      origin.serve(content(PAW, 'image/png', { 'last-modified': modified, 'cache-control': 'no-cache' }));
      await identify();
      assert.equal((await identify()).key, `image:${sha256(PAW)}`);
      assert.equal(origin.requests[1]?.headers['if-modified-since'], modified);
    });

    it('is each time, with nothing kept, if its server wants nothing kept', async () => {
      origin.serve(content(PAW, 'image/png', { etag: '"1"', 'cache-control': 'no-store' }));
      await identify();
      await identify();
      assert.equal(origin.requests[1]?.headers['if-none-match'], undefined);
    });

    it('is once for a thousand signatures, if `cacheKey` leaves them out', async () => {
      fetched = openFetched([origin.url], (url) => {
        url.search = '';
        return url.href;
      });
      origin.serve(content(PAW, 'image/png', { 'cache-control': 'max-age=60' }));
      await Promise.all(Array.from({ length: 500 }, (_, index) => identify(`/paw.png?signature=${index}`)));
      for (let index = 500; index < 1_000; index++) await identify(`/paw.png?signature=${index}`);
      assert.deepEqual(
        origin.requests.map(({ url }) => url),
        ['/paw.png?signature=0'],
      );
    });

    it('is once more for a signature of its own, if that of another is refused', async () => {
      fetched = openFetched([origin.url], (url) => url.pathname);
      origin.serve((response, request) => {
        if (request.url?.endsWith('=good')) content(PAW, 'image/png')(response, request);
        else response.writeHead(403).end();
      });
      const signatures = ['bad', 'good', 'good', 'worse'];
      const results = await Promise.allSettled(
        signatures.map((signature) => identify(`/paw.png?signature=${signature}`)),
      );
      assert.deepEqual(
        results.map(({ status }) => status),
        ['rejected', 'fulfilled', 'fulfilled', 'fulfilled'],
      );
      assert.equal(origin.requests.length, 2);
    });

    it('is once within 30 s when it fails', async () => {
      origin.serve((response) => response.writeHead(404).end());
      for (let times = 0; times < 3; times++) {
        await assert.rejects(
          identify(),
          error('ERR_ATTACHMENT_FETCH_REFUSED', 'it could not be fetched (HTTP 404)'),
        );
      }
      assert.equal(origin.requests.length, 1);
    });

    it('is again 30 s after a failure', async () => {
      const clock = fakeTime();
      fetched = openFetched();
      origin.serve((response) => response.writeHead(404).end());
      await assert.rejects(identify());
      origin.serve(content(PAW, 'image/png'));
      clock.tick(29_000);
      await assert.rejects(identify());
      clock.tick(1_001);
      assert.equal((await identify()).key, `image:${sha256(PAW)}`);
    });

    it('is by twelve downloads at a time', async () => {
      let underWay = 0;
      let most = 0;
      origin.serve((response, request) => {
        most = Math.max(most, ++underWay);
        setTimeout(() => {
          underWay--;
          content(PAW, 'image/png')(response, request);
        }, 20);
      });
      await Promise.all(Array.from({ length: 60 }, (_, index) => identify(`/${index}.png`)));
      assert.ok(most <= 12, `${most} at a time`);
    });
  });

  describe('a change', () => {
    const other = Buffer.concat([PAW, Buffer.from('changed')]);

    it('is noticed by its ETag', async () => {
      const before = await identify();
      origin.serve(content(other, 'image/png', { etag: '"2"' }));
      const after = await identify();
      assert.notEqual(after.key, before.key);
      assert.deepEqual((await fileOf(after)).bytes, other);
    });

    it('is noticed without any header', async () => {
      origin.serve(content(PAW, 'image/png'));
      const before = await identify();
      origin.serve(content(other, 'image/png'));
      assert.notEqual((await identify()).key, before.key);
    });

    it('is none if only the ETag is new', async () => {
      const before = await identify();
      origin.serve(content(PAW, 'image/png', { etag: '"2"' }));
      assert.equal((await identify()).key, before.key);
    });

    it('is looked for once more when a server says that another version has not changed', async () => {
      await identify();
      origin.serve((response, request) => {
        if (request.headers['if-none-match']) response.writeHead(304, { etag: '"2"' }).end();
        else content(other, 'image/png', { etag: '"2"' })(response, request);
      });
      assert.equal((await identify()).key, `image:${sha256(other)}`);
      assert.equal(origin.requests.length, 3);
    });

    it('breaks off the upload of what was identified before, once that is not kept any more', async () => {
      const before = await identify();
      origin.serve(content(other, 'image/png', { etag: '"2"' }));
      await fetched.close();
      await assert.rejects(fileOf(before), { code: 'ERR_ATTACHMENT_CHANGED' });
    });

    it('is none when what is not kept any more is fetched again', async () => {
      const asset = await identify();
      await fetched.close();
      const [first, second] = await Promise.all([fileOf(asset), fileOf(asset)]);
      assert.deepEqual([first.bytes, second.bytes], [PAW, PAW]);
      assert.equal(origin.requests.length, 2);
    });
  });

  describe('a server that is down', () => {
    it('does not matter while what stood there is known', async () => {
      const before = await identify();
      origin.serve((response) => response.writeHead(503).end());
      assert.equal((await identify()).key, before.key);
      assert.equal((await identify()).key, before.key);
      // Messages do not wait for it again within 30 s.
      assert.equal(origin.requests.length, 2);
      fetched = openFetched();
      origin.serve(content(PAW, 'image/png', { etag: '"1"' }));
      await identify();
      origin.serve((_, request) => request.socket.destroy());
      assert.equal((await identify()).key, before.key);
    });

    it('does, if it has forbidden to go by what was', async () => {
      origin.serve(content(PAW, 'image/png', { etag: '"1"', 'cache-control': 'max-age=0, must-revalidate' }));
      await identify();
      origin.serve((response) => response.writeHead(503).end());
      await assert.rejects(
        identify(),
        error('ERR_ATTACHMENT_FETCH_FAILED', 'it could not be fetched (HTTP 503)'),
      );
    });

    for (const [status, code] of [
      [500, 'FAILED'],
      [408, 'FAILED'],
      [429, 'FAILED'],
      [404, 'REFUSED'],
      [204, 'REFUSED'],
    ] as const) {
      it(`is told from one that refuses: HTTP ${status}`, async () => {
        origin.serve((response) => response.writeHead(status).end());
        await assert.rejects(
          identify(),
          error(`ERR_ATTACHMENT_FETCH_${code}`, `it could not be fetched (HTTP ${status})`),
        );
      });
    }

    it('is named when nobody listens', async () => {
      const nobody = `http://127.0.0.1:${await freePort()}`;
      fetched = openFetched([nobody]);
      await assert.rejects(fetched.identify('image', new URL(`${nobody}/paw.png?signature=abc`), undefined), {
        code: 'ERR_ATTACHMENT_FETCH_FAILED',
        message: new RegExp(
          `^Cannot send image ${nobody}/paw.png: it could not be fetched \\(.*ECONNREFUSED`,
        ),
      });
    });
  });

  describe('a redirect', () => {
    it('is followed to a listed origin', async () => {
      const cdn = await open(content(PAW, 'image/png'));
      origin.serve(redirect(`${cdn.url}/deep/paw.png`));
      fetched = openFetched([origin.url, cdn.url]);
      assert.equal((await identify()).key, `image:${sha256(PAW)}`);
    });

    it('is followed anew each time, for it can lead elsewhere', async () => {
      const headers = { 'cache-control': 'max-age=60', etag: '"1"' };
      const other = Buffer.from('\x89PNG other');
      origin.serve((response, request) => {
        if (request.url === '/a') content(PAW, 'image/png', headers)(response, request);
        else if (request.url === '/b') content(other, 'image/png', headers)(response, request);
        else redirect('/a')(response, request);
      });
      await identify();
      const serveB: Serve = (response, request) => {
        if (request.url === '/b') content(other, 'image/png', headers)(response, request);
        else redirect('/b')(response, request);
      };
      origin.serve(serveB);
      // The same ETag at another address is another version.
      assert.equal((await identify()).key, `image:${sha256(other)}`);
    });

    for (const [what, target] of [
      ['another origin', 'https://example.com/paw.png?secret=1'],
      ['a port that is not listed', 'http://127.0.0.1:1/paw.png'],
      ['the address of a cloud’s secrets', 'http://169.254.169.254/latest/meta-data'],
      ['a file', 'file:///etc/passwd'],
      ['content', 'data:image/png;base64,AAAA'],
    ] as const) {
      it(`is refused to ${what}, and that is not asked`, async () => {
        origin.serve(redirect(target));
        const { origin: other, protocol } = new URL(target);
        await assert.rejects(
          identify(),
          error(
            'ERR_ATTACHMENT_FETCH_REFUSED',
            `it could not be fetched (it redirects to ${other === 'null' ? protocol : other}, which is not in the option \`fetchFrom\`)`,
          ),
        );
      });
    }

    it('is refused after five', async () => {
      origin.serve((response, request) => {
        redirect(`${request.url ?? ''}/x`)(response, request);
      });
      await assert.rejects(
        identify(),
        error('ERR_ATTACHMENT_FETCH_REFUSED', 'it could not be fetched (it redirects more than 5 times)'),
      );
      assert.equal(origin.requests.length, 6);
    });

    it('is refused without an address', async () => {
      origin.serve((response) => response.writeHead(302).end());
      const reason = 'it could not be fetched (HTTP 302, a redirect without an address)';
      await assert.rejects(identify(), error('ERR_ATTACHMENT_FETCH_REFUSED', reason));
      fetched = openFetched();
      origin.serve(redirect('http://[nowhere'));
      await assert.rejects(identify(), error('ERR_ATTACHMENT_FETCH_REFUSED', reason));
    });
  });

  describe('a hostile server', () => {
    /** Writes pieces until the connection ends. */
    const endless =
      (headers: Record<string, string>, ended: () => void): Serve =>
      (response) => {
        const piece = Buffer.alloc(256 * 1024);
        response.writeHead(200, headers).on('close', ended);
        const write = (): void => {
          while (!response.destroyed && response.write(piece));
          response.once('drain', write);
        };
        write();
      };

    it('is left when its body does not end, after 25 MB', async () => {
      let hasEnded = false;
      origin.serve(
        endless({ 'content-type': 'image/png' }, () => {
          hasEnded = true;
        }),
      );
      await assert.rejects(
        identify(),
        error(
          'ERR_ATTACHMENT_TOO_LARGE',
          `it has more than 25 MB (${MB_25} bytes), which is the most that Facebook accepts`,
        ),
      );
      await until('the connection has ended', () => hasEnded);
    });

    it('is left before its body when that is said to be too large', async () => {
      origin.serve((response) => {
        response
          .writeHead(200, { 'content-type': 'image/png', 'content-length': String(MB_25 + 1) })
          .write('x');
      });
      await assert.rejects(identify(), {
        code: 'ERR_ATTACHMENT_TOO_LARGE',
        reason: `it has ${MB_25 + 1} bytes, but Facebook accepts at most 25 MB (${MB_25} bytes)`,
      });
    });

    it('is left before its body when that is of another type', async () => {
      let hasEnded = false;
      origin.serve(
        endless({ 'content-type': 'text/html; charset=utf-8' }, () => {
          hasEnded = true;
        }),
      );
      await assert.rejects(
        identify(),
        error(
          'ERR_ATTACHMENT_TYPE_MISMATCH',
          'its content type is text/html, but an attachment of type image needs image/*',
        ),
      );
      await until('the connection has ended', () => hasEnded);
    });

    it('is refused when it sends nothing', async () => {
      origin.serve(content(Buffer.alloc(0), 'image/png'));
      await assert.rejects(identify(), error('ERR_ATTACHMENT_EMPTY', 'it has no content'));
    });

    it('is refused when it compresses, though it was asked not to', async () => {
      origin.serve(content(gzipSync(PAW), 'image/png', { 'content-encoding': 'gzip' }));
      await assert.rejects(
        identify(),
        error(
          'ERR_ATTACHMENT_FETCH_REFUSED',
          'it could not be fetched (its server sends it as gzip, and was asked not to)',
        ),
      );
    });

    it('is refused when it sends less than it says', async () => {
      origin.serve((response, request) => {
        response.writeHead(200, { 'content-type': 'image/png', 'content-length': '1000' });
        response.write('x', () => request.socket.destroy());
      });
      await assert.rejects(identify(), { code: 'ERR_ATTACHMENT_FETCH_FAILED' });
    });

    it('is left when it drips for longer than 60 s', async () => {
      let drips = 0;
      origin.serve((response) => {
        response.writeHead(200, { 'content-type': 'image/png' });
        const drip = setInterval(() => {
          drips++;
          response.write('x');
        }, 5);
        response.on('close', () => {
          clearInterval(drip);
        });
      });
      const clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      const failed = assert.rejects(
        identify(),
        error('ERR_ATTACHMENT_FETCH_FAILED', 'it could not be fetched (it took longer than 60 s)'),
      );
      while (drips < 10) await turn();
      clock.tick(60_000);
      clock.restore();
      await inTime('a failure', failed, 5_000);
    });

    it('is left when it hangs for 10 s', async function () {
      this.timeout(30_000);
      origin.serve(() => undefined);
      await assert.rejects(inTime('a failure', identify(), 20_000), {
        code: 'ERR_ATTACHMENT_FETCH_FAILED',
        reason: /UND_ERR_HEADERS_TIMEOUT/,
      });
    });
  });

  describe('what is kept', () => {
    it('is no content for longer than a minute', async () => {
      const clock = fakeTime();
      fetched = openFetched();
      const asset = await identify();
      clock.tick(59_000);
      await fileOf(asset);
      assert.equal(origin.requests.length, 1);
      clock.tick(61_000);
      await fileOf(asset);
      assert.equal(origin.requests.length, 2);
    });

    it('is nothing when the folder of temporary files cannot be used', async () => {
      const open = sinon.stub(fs, 'open').rejects(Object.assign(new Error('no'), { code: 'EROFS' }));
      await assert.rejects(
        identify(),
        error(
          'ERR_ATTACHMENT_FETCH_FAILED',
          'it could not be fetched (the folder of temporary files cannot be used: EROFS)',
        ),
      );
      open.restore();
    });
  });

  it('breaks off what is under way when it is closed, and works afterwards', async () => {
    origin.serve(() => undefined);
    const failed = assert.rejects(
      identify(),
      error('ERR_ATTACHMENT_FETCH_FAILED', 'it could not be fetched (it was broken off by close())'),
    );
    await until('it is under way', () => origin.requests.length === 1);
    await inTime('the end', fetched.close(), 2_000);
    await failed;
    origin.serve(content(PAW, 'image/png'));
    assert.equal((await identify()).key, `image:${sha256(PAW)}`);
  });

  it('goes through the proxy that the environment names', async () => {
    const tunnels: string[] = [];
    const proxy = createServer().on('connect', (request, socket) => {
      tunnels.push(request.url ?? '');
      socket.end('HTTP/1.1 502 No\r\n\r\n');
    });
    const { port, close } = await listen(proxy);
    closing.push({ close });
    const environment = { ...process.env };
    Object.assign(process.env, { http_proxy: `http://127.0.0.1:${port}`, no_proxy: '' });
    try {
      await assert.rejects(identify(), { code: 'ERR_ATTACHMENT_FETCH_FAILED' });
    } finally {
      for (const name of ['http_proxy', 'no_proxy']) Reflect.deleteProperty(process.env, name);
      Object.assign(process.env, environment);
    }
    assert.deepEqual(tunnels, [new URL(origin.url).host]);
    assert.deepEqual(origin.requests, []);
  });

  it('goes by the author’s dispatcher', async () => {
    const dispatcher = new Agent();
    closing.push(dispatcher);
    const request = sinon.spy(dispatcher, 'request');
    fetched = new FetchedAddresses({
      list: { origins: [origin.url], when: 'always' },
      cacheKey: (url) => url.href,
      dispatcher,
    });
    await identify();
    assert.equal(request.callCount, 1);
    await fetched.close();
    assert.equal(dispatcher.closed, false);
  });

  it('fetches a file for Facebook', async () => {
    const file = await fetched.fetch('image', new URL('/paw.png', origin.url), undefined);
    assert.equal(file.type, 'image/png');
    assert.equal(await text(file.stream()), PAW.toString());
  });
});
