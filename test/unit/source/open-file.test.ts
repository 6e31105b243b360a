import assert from 'node:assert/strict';
import fs, { type FileHandle } from 'node:fs/promises';
import sinon, { type SinonFakeTimers } from 'sinon';
import { checkedContent } from '../../../src/source/checked-content';
import { Root } from '../../../src/source/root';
import { expectedAttachmentError } from '../../support/checks/sample-errors';
import { useFolder } from '../../support/files/folder';
import { sha256 } from '../../support/checks/sha256';

const LABEL = 'image "tom.png"';
const NO_ANSWER = expectedAttachmentError(
  'ERR_ATTACHMENT_UNREADABLE',
  LABEL,
  'the file system did not answer within 5 s',
);

describe('A local file that hangs', () => {
  const folder = useFolder();
  let root: Root;
  let file: string;
  let clock: SinonFakeTimers;
  let handles: FileHandle[];
  /** Lets what hangs go on. */
  let goOn: (() => void)[];

  beforeEach(async () => {
    handles = [];
    goOn = [];
    file = await folder.write('tom.png', 'TOM');
    root = new Root(folder.path);
    const { open } = fs;
    sinon.stub(fs, 'open').callsFake(async (...args) => {
      const handle = await open(...args);
      handles.push(handle);
      return handle;
    });
    clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  });
  afterEach(async () => {
    for (const go of goOn) go();
    sinon.restore();
    await waitUntil(() => handles.every(({ fd }) => fd === -1));
  });

  const hang = (): Promise<void> => new Promise((resolve) => goOn.push(resolve));

  async function waitUntil(isTrue: () => boolean): Promise<void> {
    const end = Date.now() + 5_000;
    while (!isTrue()) {
      if (Date.now() > end) throw new Error(`Not true in time: ${String(isTrue)}`);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Its result after the time that such operations have. */
  async function afterTimeout<T>(work: Promise<T>, hasBegun: () => boolean): Promise<T> {
    work.catch(() => undefined);
    await waitUntil(hasBegun);
    await clock.tickAsync(5_001);
    return work;
  }

  it('is given up when it is opened, and closed when it is open at last', async () => {
    sinon.stub(fs, 'realpath').callsFake((async (path: string) => {
      await hang();
      return path;
    }) as unknown as typeof fs.realpath);
    await assert.rejects(
      afterTimeout(root.open(file, LABEL), () => goOn.length > 0),
      NO_ANSWER,
    );
    sinon.restore();
    const isOpen = sinon.spy(fs, 'open');
    goOn[0]?.();
    goOn = [];
    await waitUntil(() => isOpen.callCount === 1);
    const handle = await isOpen.firstCall.returnValue;
    await waitUntil(() => handle.fd === -1);
  });

  it('is given up when it is read, and closed when it answers', async () => {
    const opened = await root.open(file, LABEL);
    const [handle] = handles;
    assert.ok(handle);
    sinon.stub(handle, 'read').callsFake(async () => {
      await hang();
      return { bytesRead: 0, buffer: Buffer.alloc(0) };
    });
    await assert.rejects(
      afterTimeout(opened.read().next(), () => goOn.length > 0),
      NO_ANSWER,
    );
    // Whoever has waited 5 s does not wait for that as well.
    await opened.close();
    assert.notEqual(handle.fd, -1);
    goOn[0]?.();
    await waitUntil(() => handle.fd === -1);
  });

  it('breaks off the upload that is under way', async () => {
    const content = checkedContent(root, file, {
      label: LABEL,
      bytes: 3,
      digest: sha256(Buffer.from('TOM')),
    });
    const reading = (async () => {
      for await (const piece of content) assert.fail(`${piece.length} bytes`);
    })();
    reading.catch(() => undefined);
    await waitUntil(() => handles.length === 1);
    const [handle] = handles;
    assert.ok(handle);
    sinon.stub(handle, 'read').callsFake(async () => {
      await hang();
      return { bytesRead: 0, buffer: Buffer.alloc(0) };
    });
    await assert.rejects(
      afterTimeout(reading, () => goOn.length > 0),
      NO_ANSWER,
    );
  });

  it('keeps no other file from being read', async () => {
    const [handle] = [await root.open(file, LABEL)];
    assert.ok(handles[0]);
    sinon.stub(handles[0], 'read').callsFake(async () => {
      await hang();
      return { bytesRead: 0, buffer: Buffer.alloc(0) };
    });
    await assert.rejects(
      afterTimeout(handle.read().next(), () => goOn.length > 0),
      NO_ANSWER,
    );
    const mia = await root.open(await folder.write('mia.png', 'MIA'), 'image "mia.png"');
    const pieces: string[] = [];
    for await (const piece of mia.read()) pieces.push(Buffer.from(piece).toString());
    await mia.close();
    await handle.close();
    assert.deepEqual(pieces, ['MIA']);
  });
});

describe('A local file that cannot be read', () => {
  const folder = useFolder();

  afterEach(() => {
    sinon.restore();
  });

  it('says why, and is closed; a failure to close it is ignored', async () => {
    const root = new Root(folder.path);
    const file = await folder.write('tom.png', 'TOM');
    const { open } = fs;
    let closes = 0;
    sinon.stub(fs, 'open').callsFake(async (...args) => {
      const handle = await open(...args);
      sinon.stub(handle, 'read').rejects(Object.assign(new Error('Input/output error'), { code: 'EIO' }));
      const close = handle.close.bind(handle);
      sinon.stub(handle, 'close').callsFake(async () => {
        closes++;
        await close();
        throw new Error('Input/output error');
      });
      return handle;
    });
    const content = checkedContent(root, file, { label: LABEL, bytes: 3, digest: '' });
    await assert.rejects(
      content.next(),
      expectedAttachmentError('ERR_ATTACHMENT_UNREADABLE', LABEL, 'it cannot be read (EIO)'),
    );
    assert.equal(closes, 1);
  });
});
