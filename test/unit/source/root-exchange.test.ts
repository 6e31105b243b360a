import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import fs, { type FileHandle } from 'node:fs/promises';
import { createServer } from 'node:net';
import sinon from 'sinon';
import { Root } from '../../../src/source/root';
import type { OpenFile } from '../../../src/source/open-file';
import { expectedAttachmentError } from '../../support/checks/sample-errors';
import { useFolder } from '../../support/files/folder';
import { inTime } from '../../support/checks/waiting';

const LABEL = 'image "it"';

const OUTSIDE = expectedAttachmentError(
  'ERR_ATTACHMENT_OUTSIDE_ROOT',
  LABEL,
  'it is outside `root`, the only folder that local files are read from',
);
const notFound = (root: string): object =>
  expectedAttachmentError(
    'ERR_ATTACHMENT_NOT_FOUND',
    LABEL,
    `there is no such file in ${JSON.stringify(root)}`,
  );
const NO_REGULAR_FILE = expectedAttachmentError(
  'ERR_ATTACHMENT_NOT_A_FILE',
  LABEL,
  'it is not a regular file',
);
const CHANGED = expectedAttachmentError(
  'ERR_ATTACHMENT_CHANGED',
  LABEL,
  'it was replaced by another file while it was opened',
);

describe('Root, when a file is exchanged while it is opened', () => {
  const folder = useFolder();
  let root: Root;
  let tom: string;
  let opened: Promise<FileHandle>[];

  beforeEach(async () => {
    opened = [];
    tom = await folder.write('tom.png', 'INSIDE');
    await folder.write('../secret.png', 'SECRET');
    root = new Root(folder.path);
  });
  afterEach(() => {
    sinon.restore();
  });

  /** Nobody is quick enough for that by himself. */
  function exchange(work: (open: () => Promise<FileHandle>) => Promise<FileHandle>): void {
    const { open } = fs;
    sinon.stub(fs, 'open').callsFake((...args) => {
      const handle = work(() => open(...args));
      opened.push(handle);
      return handle;
    });
  }

  const open = (): Promise<OpenFile> => inTime('a refusal', root.open(tom, LABEL), 5_000);

  async function assertClosed(): Promise<void> {
    const handles = await Promise.all(opened);
    assert.deepEqual(
      handles.map(({ fd }) => fd),
      [-1],
    );
  }

  it('refuses it when it leads out by then', async () => {
    exchange(async (openIt) => {
      await fs.rm(tom);
      await fs.symlink('../secret.png', tom);
      return openIt();
    });
    await assert.rejects(open(), OUTSIDE);
    await assertClosed();
  });

  it('refuses it when it led out only for that moment', async () => {
    exchange(async (openIt) => {
      await fs.rename(tom, `${tom}.kept`);
      await fs.symlink('../secret.png', tom);
      const handle = await openIt();
      await fs.rename(`${tom}.kept`, tom);
      return handle;
    });
    await assert.rejects(open(), CHANGED);
    await assertClosed();
  });

  it('refuses it when it is another one by then', async () => {
    exchange(async (openIt) => {
      const handle = await openIt();
      await fs.rename(await folder.write('new.png', 'NEW'), tom);
      return handle;
    });
    await assert.rejects(open(), CHANGED);
    await assertClosed();
  });

  it('refuses it when it is one of another disk that has the same number', async () => {
    exchange(async (openIt) => {
      const handle = await openIt();
      const stats = await handle.stat();
      stats.dev += 1;
      sinon.stub(handle, 'stat').resolves(stats);
      return handle;
    });
    await assert.rejects(open(), CHANGED);
    await assertClosed();
  });

  it('does not wait for the writer of a FIFO that took its place', async () => {
    exchange(async (openIt) => {
      await fs.rm(tom);
      execFileSync('mkfifo', [tom]);
      return openIt();
    });
    await assert.rejects(open(), NO_REGULAR_FILE);
    await assertClosed();
  });

  it('refuses a socket that took its place', async () => {
    const server = createServer();
    exchange(async (openIt) => {
      await fs.rm(tom);
      server.listen(tom);
      await once(server, 'listening');
      return openIt();
    });
    await assert.rejects(open(), NO_REGULAR_FILE);
    server.close();
  });

  it('refuses a folder that took its place', async () => {
    exchange(async (openIt) => {
      await fs.rm(tom);
      await fs.mkdir(tom);
      return openIt();
    });
    await assert.rejects(
      open(),
      expectedAttachmentError('ERR_ATTACHMENT_NOT_A_FILE', LABEL, 'it is a folder'),
    );
    await assertClosed();
  });

  it('finds nothing when it was taken away before', async () => {
    exchange(async (openIt) => {
      await fs.rm(tom);
      return openIt();
    });
    await assert.rejects(open(), notFound(folder.path));
  });

  it('finds nothing when it was taken away since', async () => {
    exchange(async (openIt) => {
      const handle = await openIt();
      await fs.rm(tom);
      return handle;
    });
    await assert.rejects(open(), notFound(folder.path));
    await assertClosed();
  });
});
