import assert from 'node:assert/strict';
import { open, truncate, writeFile, appendFile, type FileHandle } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import sinon from 'sinon';
import { OpenedFile, readPieces } from '../../../src/source/opened-file';
import { attachmentError } from '../../support/checks/failures';
import { useFolder } from '../../support/files/folder';
import { watchProcess } from '../../support/checks/observe';
import { sha256 } from '../../support/checks/sha256';

const PIECE = 192 * 1024;

/** Two whole pieces and a part of one, no two of them alike. */
const LONG = Buffer.concat([Buffer.alloc(PIECE, 'a'), Buffer.alloc(PIECE, 'b'), Buffer.from('the end')]);

const CHANGED = attachmentError(
  'ERR_ATTACHMENT_CHANGED',
  'file "it"',
  'the file changed while it was read; it will be sent as it is now when it is asked for again',
);

describe('OpenedFile', () => {
  const folder = useFolder();
  let path: string;
  let handle: FileHandle | undefined;

  afterEach(() => handle?.close());

  async function openedFile(content: Uint8Array): Promise<OpenedFile> {
    path = await folder.write('it.bin', content);
    handle = await open(path);
    return new OpenedFile(handle, {
      label: 'file "it"',
      name: 'it.bin',
      type: 'application/x-it',
      size: content.length,
      digest: sha256(content),
    });
  }

  /** Reads until the end or the failure; what was passed on until then counts. */
  async function passedOn(file: OpenedFile): Promise<{ bytes: number; failure: unknown }> {
    let bytes = 0;
    try {
      for await (const piece of file.stream()) bytes += piece.length;
      return { bytes, failure: undefined };
    } catch (failure) {
      return { bytes, failure };
    }
  }

  it('is a File with its name, type and size', async () => {
    const file = await openedFile(LONG);
    assert.ok(file instanceof File);
    assert.deepEqual([file.name, file.type, file.size], ['it.bin', 'application/x-it', LONG.length]);
  });

  it('streams its content, in pieces', async () => {
    const file = await openedFile(LONG);
    const sizes: number[] = [];
    for await (const piece of file.stream()) sizes.push(piece.length);
    assert.deepEqual(sizes, [PIECE, PIECE, 7]);
    assert.deepEqual(await buffer(file.stream()), LONG);
  });

  it('streams it again from the start, as often as it is asked', async () => {
    const file = await openedFile(Buffer.from('short'));
    const [one, two] = await Promise.all([buffer(file.stream()), buffer(file.stream())]);
    assert.deepEqual([one.toString(), two.toString()], ['short', 'short']);
  });

  it('streams nothing of an empty file', async () => {
    assert.deepEqual(await passedOn(await openedFile(Buffer.alloc(0))), { bytes: 0, failure: undefined });
  });

  const changes: [what: string, change: () => Promise<void>][] = [
    [
      'its last byte was changed',
      () => writeFile(path, Buffer.concat([LONG.subarray(0, -1), Buffer.from('?')])),
    ],
    [
      'its first byte was changed',
      () => writeFile(path, Buffer.concat([Buffer.from('?'), LONG.subarray(1)])),
    ],
    ['it is a byte shorter', () => truncate(path, LONG.length - 1)],
    ['it is a whole piece shorter', () => truncate(path, PIECE)],
    ['it is empty', () => truncate(path, 0)],
    ['it is a byte longer', () => appendFile(path, '?')],
    ['it is much longer', () => appendFile(path, LONG)],
  ];
  for (const [what, change] of changes) {
    it(`never passes on the whole when ${what}`, async () => {
      const file = await openedFile(LONG);
      await change();
      const { bytes, failure } = await passedOn(file);
      assert.throws(() => {
        throw failure;
      }, CHANGED);
      assert.ok(bytes < LONG.length, `${bytes} bytes`);
    });
  }

  it('passes on nothing of a small file that was changed', async () => {
    const file = await openedFile(Buffer.from('the cat'));
    await writeFile(path, 'the dog');
    const { bytes, failure } = await passedOn(file);
    assert.equal(bytes, 0);
    assert.ok(failure);
  });

  it('notices a change while it is read', async () => {
    const content = Buffer.alloc(8 * PIECE, 'a');
    const file = await openedFile(content);
    const pieces = file.stream()[Symbol.asyncIterator]();
    const first = await pieces.next();
    assert.equal(first.done === true ? 0 : first.value.length, PIECE);
    await writeFile(path, Buffer.alloc(content.length, 'z'));
    await assert.rejects(async () => {
      while (!(await pieces.next()).done);
    }, CHANGED);
  });

  it('never passes on the whole of a file that filled its pieces, and has grown', async () => {
    const file = await openedFile(LONG.subarray(0, 2 * PIECE));
    await appendFile(path, 'more');
    assert.equal((await passedOn(file)).bytes, PIECE);
  });

  it('reads no further than it has begun to once there is too much', async () => {
    const file = await openedFile(Buffer.from('short'));
    await appendFile(path, Buffer.alloc(8 * PIECE));
    assert.ok(handle);
    const read = sinon.spy(handle, 'read');
    assert.equal((await passedOn(file)).bytes, 0);
    assert.equal(read.callCount, 2);
  });

  it('is not read before it is asked for', async () => {
    const file = await openedFile(LONG);
    await writeFile(path, 'changed');
    await writeFile(path, LONG);
    assert.deepEqual(await buffer(file.stream()), LONG);
  });

  describe('readPieces', () => {
    it('reads from the start, whatever was read before', async () => {
      await openedFile(Buffer.from('short'));
      assert.ok(handle);
      await handle.readFile();
      const pieces: string[] = [];
      for await (const piece of readPieces(handle)) pieces.push(Buffer.from(piece).toString());
      assert.deepEqual(pieces, ['short']);
    });

    it('reads nothing of an empty file', async () => {
      await openedFile(Buffer.alloc(0));
      assert.ok(handle);
      for await (const piece of readPieces(handle)) assert.fail(`${piece.length} bytes`);
    });

    it('does not end the process when a piece that nobody asks for cannot be read', async () => {
      await openedFile(LONG);
      assert.ok(handle);
      const read = sinon.stub(handle, 'read').callThrough();
      read.onSecondCall().rejects(new Error('disk failure'));
      const watched = watchProcess();
      for await (const piece of readPieces(handle)) {
        assert.equal(piece.length, PIECE);
        break;
      }
      assert.deepEqual(await watched.stop(), []);
      assert.equal(read.callCount, 2);
    });

    it('reads pieces that do not share their memory', async () => {
      await openedFile(LONG);
      assert.ok(handle);
      const pieces: Uint8Array[] = [];
      for await (const piece of readPieces(handle)) pieces.push(piece);
      assert.deepEqual(Buffer.concat(pieces), LONG);
    });
  });
});
