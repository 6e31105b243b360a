import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import fs from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import sinon from 'sinon';
import type { Asset, AttachmentType } from '../../../src/source/asset';
import { AttachmentError } from '../../../src/base/errors';
import { LocalFiles } from '../../../src/source/local-files';
import { expectedAttachmentError } from '../../support/checks/sample-errors';
import { useFolder } from '../../support/files/folder';
import { factsOf, fileOf } from '../../support/files/asset-content';
import { readAsset } from '../../support/files/assets';
import { sha256 } from '../../support/checks/sha256';

const MB_25 = 26_214_400;
const PNG = readAsset('paw.png');

const tooLarge = (label: string): object =>
  expectedAttachmentError(
    'ERR_ATTACHMENT_TOO_LARGE',
    label,
    `it has ${MB_25 + 1} bytes, but Facebook accepts at most 25 MB (${MB_25} bytes)`,
  );

describe('LocalFiles', () => {
  const folder = useFolder();
  let files: LocalFiles;

  beforeEach(async () => {
    await folder.write('cats/paw.png', PNG);
    files = new LocalFiles(folder.path);
  });
  afterEach(() => {
    sinon.restore();
  });

  const identify = (name: string, filename?: string): Promise<Asset> => identifyAs('image', name, filename);

  async function identifyAs(type: AttachmentType, name: string, filename?: string): Promise<Asset> {
    return files.identify(type, name, filename);
  }

  describe('what a file is', () => {
    it('is its content, its type and its size', async () => {
      const found = await identify('cats/paw.png');
      assert.deepEqual(factsOf(found), {
        type: 'image',
        label: 'image "cats/paw.png"',
        key: `image:${sha256(PNG)}`,
        bytes: PNG.length,
      });
      assert.deepEqual(await fileOf(found), { name: 'paw.png', type: 'image/png', bytes: PNG });
    });

    it('can be built again from its path inside the root, and its filename if it has one', async () => {
      assert.deepEqual((await identify('./cats/../cats/paw.png')).source, { path: 'cats/paw.png' });
      assert.deepEqual((await identify(folder.at('cats/paw.png'), 'Paw.png')).source, {
        path: 'cats/paw.png',
        filename: 'Paw.png',
      });
    });

    it('is uploaded in the same way only by the same path, content type and name', async () => {
      await folder.write('cats/copy.png', PNG);
      const attemptOf = async (name: string, filename?: string): Promise<string> =>
        (await identify(name, filename)).attempt;
      const attempt = await attemptOf('cats/paw.png');
      assert.match(attempt, /^[\w-]{43}$/);
      assert.equal(await attemptOf('./cats/paw.png', 'paw.png'), attempt);
      for (const [name, filename] of [
        ['cats/copy.png', 'paw.png'],
        ['cats/paw.png', 'paw.gif'],
        ['cats/paw.png', 'Paw.png'],
      ] as const) {
        assert.notEqual(await attemptOf(name, filename), attempt);
      }
    });

    it('is the same under another name', async () => {
      await folder.write('other.png', PNG);
      assert.equal((await identify('other.png')).key, (await identify('cats/paw.png')).key);
    });

    it('is another one under another name in an attachment of type file', async () => {
      const plain = await files.identify('file', 'cats/paw.png', undefined);
      const named = await files.identify('file', 'cats/paw.png', 'My paw.png');
      assert.equal(plain.key, `file:${sha256(PNG)}:${sha256('paw.png').slice(0, 16)}`);
      assert.equal(named.key, `file:${sha256(PNG)}:${sha256('My paw.png').slice(0, 16)}`);
      assert.equal((await fileOf(named)).name, 'My paw.png');
    });

    it('is of the type that the filename says, before its own name', async () => {
      assert.equal((await fileOf(await identify('cats/paw.png', 'paw.gif'))).type, 'image/gif');
    });

    it('is of the type that its first bytes say, when its name says none', async () => {
      await folder.write('picture', PNG);
      assert.deepEqual(await fileOf(await identify('picture')), {
        name: 'picture',
        type: 'image/png',
        bytes: PNG,
      });
    });

    it('does not fit an attachment of another type', async () => {
      await assert.rejects(
        identifyAs('audio', 'cats/paw.png'),
        expectedAttachmentError(
          'ERR_ATTACHMENT_TYPE_MISMATCH',
          'audio "cats/paw.png"',
          'its content type is image/png, but an attachment of type audio needs audio/*',
        ),
      );
    });

    it('is shown by a name in quotes, so that a strange one cannot break a log line', async () => {
      await assert.rejects(identify('no\nsuch "file"'), {
        message: `Cannot send image "no\\nsuch \\"file\\"": there is no such file in ${JSON.stringify(folder.path)}`,
      });
    });
  });

  describe('what is refused', () => {
    it('is every path when there is no root', async () => {
      await assert.rejects(
        async () => new LocalFiles(undefined).identify('image', 'cats/paw.png', undefined),
        expectedAttachmentError(
          'ERR_ATTACHMENT_NO_ROOT',
          'image "cats/paw.png"',
          'local files need the option `root`; set it to the folder of your assets',
        ),
      );
    });

    it('is an empty file', async () => {
      await folder.write('empty.png', '');
      await assert.rejects(
        identify('empty.png'),
        expectedAttachmentError('ERR_ATTACHMENT_EMPTY', 'image "empty.png"', 'it has no content'),
      );
    });

    it('is a file of more than 25 MB, but not one of 25 MB', async () => {
      const big = await folder.write('big.png', '');
      await fs.truncate(big, MB_25);
      assert.equal((await identify('big.png')).bytes, MB_25);
      await fs.truncate(big, MB_25 + 1);
      // Its size alone tells.
      onceOpened(({ handle }) => sinon.stub(handle, 'read').rejects(new Error('It was read')));
      await assert.rejects(identify('big.png'), tooLarge('image "big.png"'));
    });

    it('is a file that grows beyond 25 MB while it is read', async () => {
      const big = await folder.write('big.png', '');
      await fs.truncate(big, MB_25);
      onceOpened(() => fs.truncate(big, MB_25 + 1));
      await assert.rejects(identify('big.png'), tooLarge('image "big.png"'));
    });

    it('is a file that is emptied before it is read', async () => {
      onceOpened(() => fs.truncate(folder.at('cats/paw.png')));
      await assert.rejects(identify('cats/paw.png'), { code: 'ERR_ATTACHMENT_EMPTY' });
    });

    it('is a file outside, a folder, a file that is not there', async () => {
      await assert.rejects(identify('../paw.png'), { code: 'ERR_ATTACHMENT_OUTSIDE_ROOT' });
      await assert.rejects(identify('cats'), { code: 'ERR_ATTACHMENT_NOT_A_FILE' });
      await assert.rejects(identify('cats/mia.png'), { code: 'ERR_ATTACHMENT_NOT_FOUND' });
    });

    it('is whatever lies outside, by whatever name', async () => {
      const secret = await folder.write('../secret.png', 'SECRET');
      await folder.write('../root-2/secret.png', 'SECRET');
      await folder.write('cats/secret.png', 'INSIDE');
      await fs.symlink('..', folder.at('up'));
      await fs.symlink(secret, folder.at('cats/way'));
      const word = fc.constantFrom(
        ...[
          '..',
          '.',
          '',
          'cats',
          'up',
          'way',
          'root',
          'root-2',
          'secret.png',
          '%2e%2e',
          '..\\',
          '\0',
          'etc',
          'passwd',
        ],
        folder.path,
        path.dirname(folder.path),
      );
      const name = fc.tuple(fc.constantFrom('', '/', './'), fc.array(word, { maxLength: 6 }));
      await fc.assert(
        fc.asyncProperty(name, async ([start, words]) => {
          const found = await identifyAs('file', start + words.join('/'), 'it').catch((error: unknown) => {
            assert.ok(error instanceof AttachmentError, String(error));
            return undefined;
          });
          if (found) assert.equal((await fileOf(found)).bytes.toString(), 'INSIDE');
        }),
        { numRuns: 300 },
      );
    });
  });

  describe('a file that changes', () => {
    it('is another asset', async () => {
      const before = await identify('cats/paw.png');
      await folder.write('cats/paw.png', readAsset('blink.gif'));
      const after = await identify('cats/paw.png');
      assert.equal(after.key, `image:${sha256(readAsset('blink.gif'))}`);
      assert.notEqual(after.key, before.key);
    });

    it('is another asset though its size and its time were kept', async () => {
      const long = new Date(Date.now() - 3_600_000);
      await fs.utimes(folder.at('cats/paw.png'), long, long);
      later(3_600_000);
      await identify('cats/paw.png');
      const changed = Buffer.concat([PNG.subarray(0, -1), Buffer.from('?')]);
      await folder.write('cats/paw.png', changed);
      await fs.utimes(folder.at('cats/paw.png'), long, long);
      assert.equal((await identify('cats/paw.png')).key, `image:${sha256(changed)}`);
    });

    it('is what was read, when it changes while it is read', async () => {
      onceOpened(() => fs.appendFile(folder.at('cats/paw.png'), 'more'));
      const found = await identify('cats/paw.png');
      sinon.restore();
      const more = Buffer.concat([PNG, Buffer.from('more')]);
      assert.deepEqual([found.key, found.bytes], [`image:${sha256(more)}`, more.length]);
      assert.deepEqual((await fileOf(found)).bytes, more);
    });

    it('does not go out under the identity that it had', async () => {
      const found = await identify('cats/paw.png');
      await fs.writeFile(folder.at('cats/paw.png'), 'another picture');
      await assert.rejects(
        fileOf(found),
        expectedAttachmentError(
          'ERR_ATTACHMENT_CHANGED',
          'image "cats/paw.png"',
          'the file changed while it was read; send the message again to send the new content',
        ),
      );
    });

    it('does not go out when it leads out by then', async () => {
      const found = await identify('cats/paw.png');
      await folder.write('../paw.png', PNG);
      await fs.rm(folder.at('cats/paw.png'));
      await fs.symlink('../../paw.png', folder.at('cats/paw.png'));
      await assert.rejects(fileOf(found), { code: 'ERR_ATTACHMENT_OUTSIDE_ROOT' });
    });
  });

  describe('an unchanged file', () => {
    beforeEach(() => {
      later(3_600_000);
    });

    it('is the very asset that it was', async () => {
      assert.equal(await identify('cats/paw.png'), await identify('cats/paw.png'));
    });

    it('is named as it is asked for, each time', async () => {
      const names: (string | undefined)[] = ['One.png', undefined, 'Two.png', undefined];
      const shown: string[] = [];
      for (const name of names) shown.push((await fileOf(await identify('cats/paw.png', name))).name);
      assert.deepEqual(shown, ['One.png', 'paw.png', 'Two.png', 'paw.png']);
    });

    it('is of the type that it is asked for, each time', async () => {
      const types = ['image', 'file', 'image'] as const;
      const found = [];
      for (const type of types) found.push(await files.identify(type, 'cats/paw.png', undefined));
      assert.deepEqual(
        found.map(({ type }) => type),
        types,
      );
    });

    for (const field of ['dev', 'ino', 'size', 'mtimeMs', 'ctimeMs'] as const) {
      it(`is looked at anew when its ${field} is another`, async () => {
        const before = await identify('cats/paw.png');
        // No file system lets a test change one of them alone.
        const stats = await fs.stat(folder.at('cats/paw.png'));
        stats[field] += 1;
        sinon.stub(fs, 'stat').callThrough().onFirstCall().resolves(stats);
        assert.notEqual(await identify('cats/paw.png'), before);
      });
    }

    it('is found no more when it is taken away', async () => {
      await identify('cats/paw.png');
      await fs.rm(folder.at('cats/paw.png'));
      await assert.rejects(identify('cats/paw.png'), { code: 'ERR_ATTACHMENT_NOT_FOUND' });
    });

    it('is unreadable when a link in a circle takes its place', async () => {
      await identify('cats/paw.png');
      await fs.rm(folder.at('cats/paw.png'));
      await fs.symlink('paw.png', folder.at('cats/paw.png'));
      await assert.rejects(identify('cats/paw.png'), { code: 'ERR_ATTACHMENT_UNREADABLE' });
    });
  });

  describe('a file that hangs', () => {
    const noAnswer = (name: string): object =>
      expectedAttachmentError(
        'ERR_ATTACHMENT_UNREADABLE',
        `image "cats/${name}"`,
        'the file system did not answer within 5 s',
      );

    it('fails for the messages that need it, and for no other', async () => {
      await folder.write('cats/mia.png', PNG);
      later(3_600_000);
      for (const name of ['cats/paw.png', 'cats/mia.png']) await identify(name);
      sinon.restore();
      const clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
      const goOn: (() => void)[] = [];
      const { stat } = fs;
      sinon.stub(fs, 'stat').callsFake(async (path) => {
        if (path === folder.at('cats/paw.png')) await new Promise<void>((resolve) => goOn.push(resolve));
        return stat(path);
      });
      const hanging = [identify('cats/paw.png'), identify('cats/paw.png'), identify('cats/paw.png')];
      const ends = Promise.allSettled(hanging);
      assert.equal((await identify('cats/mia.png')).bytes, PNG.length);
      assert.equal(goOn.length, 1);
      await clock.tickAsync(5_001);
      for (const end of await ends) {
        assert.throws(() => {
          if (end.status === 'rejected') throw end.reason;
        }, noAnswer('paw.png'));
      }
      goOn[0]?.();
      sinon.restore();
      assert.equal((await identify('cats/paw.png')).bytes, PNG.length);
    });
  });

  describe('how often a file is read', () => {
    it('is once while it stands', async () => {
      later(3_600_000);
      const read = spyOnReads();
      const first = await identify('cats/paw.png');
      const second = await identify('cats/../cats/paw.png', 'other.png');
      assert.equal(second.key, first.key);
      assert.equal(read(), 1);
    });

    it('is once for all who ask at the same time', async () => {
      const read = spyOnReads();
      const found = await Promise.all(Array.from({ length: 50 }, () => identify('cats/paw.png')));
      assert.equal(new Set(found.map(({ key }) => key)).size, 1);
      assert.equal(read(), 1);
    });

    it('is again after a failure', async () => {
      sinon.stub(fs, 'open').callThrough().onFirstCall().rejects(new Error('Too many open files'));
      await assert.rejects(identify('cats/paw.png'), /it cannot be read \(Too many open files\)/);
      assert.equal((await identify('cats/paw.png')).bytes, PNG.length);
    });

    it('is twice at most for all who ask while it may still change unnoticed', async () => {
      const read = spyOnReads();
      const pending = [identify('cats/paw.png')];
      await new Promise(setImmediate);
      for (let n = 0; n < 50; n++) pending.push(identify('cats/paw.png'));
      await Promise.all(pending);
      assert.equal(read(), 2);
    });

    it('is again for who asks after a change, though all that the file system says is as it was', async () => {
      const now = Date.now();
      const other = Buffer.from(PNG).fill(0, PNG.length - 1);
      const isRead = new EventEmitter();
      const isChanged = new EventEmitter();
      let isFirst = true;
      timesAre({ ctimeMs: now, mtimeMs: now }, (handle) => {
        if (!isFirst) return;
        isFirst = false;
        const close = handle.close.bind(handle);
        sinon.stub(handle, 'close').callsFake(async () => {
          isRead.emit('now');
          await once(isChanged, 'now');
          return close();
        });
      });
      const before = identify('cats/paw.png');
      await once(isRead, 'now');
      await folder.write('cats/paw.png', other);
      const after = identify('cats/paw.png');
      isChanged.emit('now');
      assert.equal((await before).key, `image:${sha256(PNG)}`);
      assert.equal((await after).key, `image:${sha256(other)}`);
    });

    it('is for each label, so that each error names the attachment that it is about', async () => {
      const found = await Promise.allSettled([identify('cats/mia.png'), identify('./cats/mia.png')]);
      assert.deepEqual(
        found.map((result) => result.status === 'rejected' && (result.reason as AttachmentError).asset),
        ['image "cats/mia.png"', 'image "./cats/mia.png"'],
      );
    });

    describe('as the age of its last change tells', () => {
      const ages: [what: string, age: number, times: number][] = [
        ['twice when that is a minute, by which clocks may differ', 60_000, 2],
        ['once when that is more', 60_001, 1],
        ['twice when it lies ahead, because the clock of a network mount goes ahead', -3_600_000, 2],
      ];
      for (const [what, age, times] of ages) {
        it(`is ${what}`, async () => {
          const path = folder.at('cats/paw.png');
          const { ctimeMs } = await fs.stat(path);
          timesAre({ ctimeMs: Math.floor(ctimeMs), mtimeMs: Math.floor(ctimeMs) });
          sinon.useFakeTimers({ now: Math.floor(ctimeMs) + age, toFake: ['Date'] });
          const read = spyOnReads();
          await identify('cats/paw.png');
          await identify('cats/paw.png');
          assert.equal(read(), times);
        });
      }

      it('is once when only its time of modification lies ahead, which anybody can set', async () => {
        const ahead = new Date(Date.now() + 86_400_000);
        await fs.utimes(folder.at('cats/paw.png'), ahead, ahead);
        later(3_600_000);
        const read = spyOnReads();
        await identify('cats/paw.png');
        await identify('cats/paw.png');
        assert.equal(read(), 1);
      });

      it('is twice when it was modified less than a minute ago, though a system keeps no other time', async () => {
        const now = Date.now();
        timesAre({ ctimeMs: 0, mtimeMs: now });
        const read = spyOnReads();
        await identify('cats/paw.png');
        await identify('cats/paw.png');
        assert.equal(read(), 2);
      });

      it('is twice when it was changed just now, though its time of modification says otherwise', async () => {
        const time = new Date(Date.now() - 3_600_000);
        await fs.utimes(folder.at('cats/paw.png'), time, time);
        const read = spyOnReads();
        await identify('cats/paw.png');
        await identify('cats/paw.png');
        assert.equal(read(), 2);
      });
    });

    describe('as it has been seen unchanged', () => {
      /** A whole second, and a time that only a finer step can give. */
      const stampsOf = {
        whole: () => Math.floor(Date.now() / 1_000) * 1_000,
        fine: () => stampsOf.whole() + 0.5,
      };
      type Stamp = keyof typeof stampsOf;
      const steps: [what: string, changed: Stamp, modified: Stamp, wait: number, times: number][] = [
        ['each time within 2 s, the step of some file systems', 'whole', 'whole', 2_000, 3],
        ['once more after that', 'whole', 'whole', 2_001, 2],
        ['each time within a quarter of a second where times have fractions of one', 'fine', 'fine', 250, 3],
        ['once more after that', 'fine', 'fine', 251, 2],
        ['each time within 2 s if only its time of change has them', 'fine', 'whole', 2_000, 3],
        ['each time within 2 s if only its time of modification has them', 'whole', 'fine', 2_000, 3],
      ];
      for (const [what, changed, modified, wait, times] of steps) {
        it(`is ${what}`, async () => {
          timesAre({ ctimeMs: stampsOf[changed](), mtimeMs: stampsOf[modified]() });
          const clock = sinon.useFakeTimers({ now: Date.now(), toFake: ['performance'] });
          const read = spyOnReads();
          await identify('cats/paw.png');
          clock.tick(wait);
          await identify('cats/paw.png');
          await identify('cats/paw.png', 'other.png');
          assert.equal(read(), times);
        });
      }

      it('counts from the last change', async () => {
        const clock = sinon.useFakeTimers({ now: Date.now(), toFake: ['performance'] });
        await identify('cats/paw.png');
        await fs.utimes(folder.at('cats/paw.png'), 1, 1);
        clock.tick(2_001);
        const read = spyOnReads();
        await identify('cats/paw.png');
        await identify('cats/paw.png');
        assert.equal(read(), 2);
      });

      it('counts from when it was first seen, however often that was', async () => {
        const clock = sinon.useFakeTimers({ now: Date.now(), toFake: ['performance'] });
        timesAre({ ctimeMs: stampsOf.fine(), mtimeMs: stampsOf.fine() });
        const read = spyOnReads();
        for (let n = 0; n < 4; n++) {
          await identify('cats/paw.png');
          clock.tick(125);
        }
        await identify('cats/paw.png');
        assert.equal(read(), 4);
      });
    });

    it('is by four at a time', async () => {
      let [open, most] = [0, 0];
      onceOpened(async ({ handle }) => {
        most = Math.max(most, ++open);
        closed(handle, () => open--);
        await fs.stat(folder.path);
      });
      const names = Array.from({ length: 12 }, (_, n) => `${n}.png`);
      await Promise.all(names.map((name) => folder.write(name, PNG)));
      await Promise.all(names.map((name) => identify(name)));
      assert.deepEqual([open, most], [0, 4]);
    });
  });

  describe('what is open', () => {
    it('is nothing while nobody reads the content', async () => {
      const handles: fs.FileHandle[] = [];
      onceOpened(({ handle }) => {
        handles.push(handle);
      });
      const found = await identify('cats/paw.png');
      assert.deepEqual(
        handles.map(({ fd }) => fd),
        [-1],
      );
      await fileOf(found);
      assert.deepEqual(
        handles.map(({ fd }) => fd),
        [-1, -1],
      );
    });

    it('is nothing after a failure to identify', async () => {
      const handles: fs.FileHandle[] = [];
      onceOpened(({ handle }) => {
        handles.push(handle);
        return fs.truncate(folder.at('cats/paw.png'));
      });
      await assert.rejects(identify('cats/paw.png'));
      assert.deepEqual(
        handles.map(({ fd }) => fd),
        [-1],
      );
    });
  });

  /** The clock goes ahead of the file system's. */
  function later(milliseconds: number): void {
    sinon.useFakeTimers({ now: Date.now() + milliseconds, toFake: ['Date'] });
  }

  /** Lets the file system say that the files that are opened have other times. */
  function timesAre(
    times: { ctimeMs: number; mtimeMs: number },
    use: (handle: fs.FileHandle) => void = () => undefined,
  ): void {
    onceOpened(async ({ handle }) => {
      const stats = Object.assign(await handle.stat(), times);
      sinon.stub(handle, 'stat').resolves(stats);
      use(handle);
    });
    const { stat } = fs;
    sinon.stub(fs, 'stat').callsFake(async (path) => Object.assign(await stat(path), times));
  }

  /** How many files were opened since. */
  function spyOnReads(): () => number {
    const open = 'callCount' in fs.open ? (fs.open as sinon.SinonStub) : sinon.spy(fs, 'open');
    return () => open.callCount;
  }

  /** Tells when a file is closed. */
  function closed(handle: fs.FileHandle, onClose: () => void): void {
    // The types leave out that it emits events.
    (handle as unknown as EventEmitter).once('close', onClose);
  }

  /** Does something between the opening of a file and its use. */
  function onceOpened(work: (opened: { handle: fs.FileHandle }) => unknown): void {
    const { open } = fs;
    sinon.stub(fs, 'open').callsFake(async (...args) => {
      const handle = await open(...args);
      await work({ handle });
      return handle;
    });
  }
});
