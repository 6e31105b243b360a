import assert from 'node:assert/strict';
import fs, { appendFile, rm, truncate, writeFile, type FileHandle } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { FormDataEncoder } from 'form-data-encoder';
import sinon from 'sinon';
import { Agent } from 'undici';
import { checkedContent } from '../../../src/source/checked-content';
import { Root } from '../../../src/source/root';
import { StreamedFile } from '../../../src/source/streamed-file';
import { expectedAttachmentError } from '../../support/checks/sample-errors';
import { useFolder } from '../../support/files/folder';
import { watchProcess } from '../../support/checks/process-problems';
import { sha256 } from '../../support/checks/sha256';
import { until } from '../../support/checks/waiting';

const PIECE = 192 * 1024;

/** Two whole pieces and a part of one, no two of them alike. */
const LONG = Buffer.concat([Buffer.alloc(PIECE, 'a'), Buffer.alloc(PIECE, 'b'), Buffer.from('the end')]);

const CHANGED = expectedAttachmentError(
  'ERR_ATTACHMENT_CHANGED',
  'file "it"',
  'the file changed while it was read; send the message again to send the new content',
);

const realOpen = fs.open;

describe('checkedContent', () => {
  const folder = useFolder();
  let path: string;
  let opened: FileHandle[];

  beforeEach(() => {
    opened = [];
    sinon.stub(fs, 'open').callsFake(async (...args) => {
      const handle = await realOpen(...args);
      opened.push(handle);
      return handle;
    });
  });
  afterEach(() => {
    sinon.restore();
  });

  async function fileOf(content: Uint8Array): Promise<StreamedFile> {
    path = await folder.write('it.bin', content);
    const root = new Root(folder.path);
    const identified = { label: 'file "it"', bytes: content.length, digest: sha256(content) };
    return new StreamedFile({ name: 'it.bin', type: 'application/x-it', size: content.length }, () =>
      checkedContent(root, path, identified),
    );
  }

  /** Which of the descriptors that were opened are still open. */
  const open = (): number[] => opened.map(({ fd }) => fd).filter((fd) => fd !== -1);

  /** Reads until the end or the failure; what was passed on until then counts. */
  async function passedOn(file: StreamedFile): Promise<{ bytes: number; failure: unknown }> {
    let bytes = 0;
    try {
      for await (const piece of file.stream()) bytes += piece.length;
      return { bytes, failure: undefined };
    } catch (failure) {
      return { bytes, failure };
    }
  }

  it('is a File with its name, type and size', async () => {
    const file = await fileOf(LONG);
    assert.ok(file instanceof File);
    assert.deepEqual([file.name, file.type, file.size], ['it.bin', 'application/x-it', LONG.length]);
  });

  it('streams its content, in pieces', async () => {
    const file = await fileOf(LONG);
    const sizes: number[] = [];
    for await (const piece of file.stream()) sizes.push(piece.length);
    assert.deepEqual(sizes, [PIECE, PIECE, 7]);
    assert.deepEqual(await buffer(file.stream()), LONG);
  });

  it('streams it again from the start, as often as it is asked', async () => {
    const file = await fileOf(Buffer.from('short'));
    const [one, two] = await Promise.all([buffer(file.stream()), buffer(file.stream())]);
    assert.deepEqual([one.toString(), two.toString()], ['short', 'short']);
  });

  it('streams nothing of an empty file', async () => {
    assert.deepEqual(await passedOn(await fileOf(Buffer.alloc(0))), { bytes: 0, failure: undefined });
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
      const file = await fileOf(LONG);
      await change();
      const { bytes, failure } = await passedOn(file);
      assert.throws(() => {
        throw failure;
      }, CHANGED);
      assert.ok(bytes < LONG.length, `${bytes} bytes`);
    });
  }

  it('passes on nothing of a small file that was changed', async () => {
    const file = await fileOf(Buffer.from('the cat'));
    await writeFile(path, 'the dog');
    const { bytes, failure } = await passedOn(file);
    assert.equal(bytes, 0);
    assert.ok(failure);
  });

  it('notices a change while it is read', async () => {
    const content = Buffer.alloc(8 * PIECE, 'a');
    const file = await fileOf(content);
    const pieces = file.stream()[Symbol.asyncIterator]();
    const first = await pieces.next();
    assert.equal(first.done === true ? 0 : first.value.length, PIECE);
    await writeFile(path, Buffer.alloc(content.length, 'z'));
    await assert.rejects(async () => {
      while (!(await pieces.next()).done);
    }, CHANGED);
  });

  it('never passes on the whole of a file that filled its pieces, and has grown', async () => {
    const file = await fileOf(LONG.subarray(0, 2 * PIECE));
    await appendFile(path, 'more');
    assert.equal((await passedOn(file)).bytes, PIECE);
  });

  it('reads no further than it has begun to once there is too much', async () => {
    const file = await fileOf(Buffer.from('short'));
    await appendFile(path, Buffer.alloc(8 * PIECE));
    const read = spyOnReads();
    assert.equal((await passedOn(file)).bytes, 0);
    assert.equal(read(), 2);
  });

  it('is not read before it is asked for', async () => {
    const file = await fileOf(LONG);
    await writeFile(path, 'changed');
    await writeFile(path, LONG);
    assert.deepEqual(await buffer(file.stream()), LONG);
  });

  it('pieces do not share their memory', async () => {
    const file = await fileOf(LONG);
    const pieces: Uint8Array[] = [];
    for await (const piece of file.stream()) pieces.push(piece);
    assert.deepEqual(Buffer.concat(pieces), LONG);
  });

  describe('the descriptor', () => {
    it('is opened when the stream is read, and not before', async () => {
      const stream = (await fileOf(LONG)).stream();
      await new Promise((resolve) => setTimeout(resolve, 20));
      assert.equal(opened.length, 0);
      await buffer(stream);
      assert.equal(opened.length, 1);
    });

    it('is closed at the end', async () => {
      await buffer((await fileOf(LONG)).stream());
      assert.deepEqual(open(), []);
    });

    it('is closed after a failure', async () => {
      const file = await fileOf(LONG);
      await truncate(path);
      await passedOn(file);
      assert.deepEqual([opened.length, open()], [1, []]);
    });

    it('is closed when whoever reads it stops', async () => {
      const file = await fileOf(LONG);
      for await (const piece of file.stream()) {
        assert.equal(piece.length, PIECE);
        assert.equal(open().length, 1);
        break;
      }
      assert.deepEqual([opened.length, open()], [1, []]);
    });

    it('is closed when a form that holds it is destroyed', async () => {
      const form = new FormData();
      form.append('filedata', await fileOf(LONG));
      const body = Readable.from(new FormDataEncoder(form).encode(), { objectMode: false });
      for (let size = 0; size < PIECE; size += ((await once(body, 'data')) as [Buffer])[0].length);
      assert.equal(open().length, 1);
      body.destroy();
      await once(body, 'close');
      assert.deepEqual([opened.length, open()], [1, []]);
    });

    it('is closed when the server answers before the upload is over, and hangs up', async () => {
      const server = createServer((_, response) => {
        response.writeHead(413, { connection: 'close' }).end('{}');
      });
      server.listen(0);
      await once(server, 'listening');
      const agent = new Agent();
      const form = new FormData();
      form.append('filedata', await fileOf(Buffer.alloc(20_000_000)));
      const encoder = new FormDataEncoder(form);
      const { port } = server.address() as AddressInfo;
      const call = agent.request({
        origin: `http://localhost:${port}`,
        path: '/',
        method: 'POST',
        headers: { ...encoder.headers },
        body: Readable.from(encoder.encode(), { objectMode: false }),
      });
      await call.then(
        ({ body }) => body.dump(),
        () => undefined,
      );
      await until('closed descriptors', () => opened.length > 0 && open().length === 0);
      await agent.destroy();
      server.close();
    });

    it('is not opened when the file is gone', async () => {
      const file = await fileOf(LONG);
      await rm(path);
      const { bytes, failure } = await passedOn(file);
      assert.equal(bytes, 0);
      assert.throws(
        () => {
          throw failure;
        },
        { code: 'ERR_ATTACHMENT_NOT_FOUND' },
      );
    });
  });

  it('does not end the process when a piece that nobody asks for cannot be read', async () => {
    const file = await fileOf(LONG);
    const read = spyOnReads((call) => {
      if (call === 3) throw new Error('disk failure');
    });
    const watched = watchProcess();
    for await (const piece of file.stream()) {
      assert.equal(piece.length, PIECE);
      break;
    }
    assert.deepEqual(await watched.stop(), []);
    assert.equal(read(), 3);
  });

  /** How often the next file that is opened is read; `before` each time. */
  function spyOnReads(before: (call: number) => void = () => undefined): () => number {
    let calls = 0;
    (fs.open as sinon.SinonStub).callsFake(async (...args: Parameters<typeof realOpen>) => {
      const handle = await realOpen(...args);
      opened.push(handle);
      const read = handle.read.bind(handle) as (...args: unknown[]) => Promise<unknown>;
      sinon.stub(handle, 'read').callsFake((async (...args: unknown[]) => {
        before(++calls);
        return read(...args);
      }) as unknown as FileHandle['read']);
      return handle;
    });
    return () => calls;
  }
});
