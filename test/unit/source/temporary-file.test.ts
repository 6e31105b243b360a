import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { buffer } from 'node:stream/consumers';
import sinon from 'sinon';
import { TemporaryFile } from '../../../src/source/temporary-file';

const PIECES = [Buffer.alloc(300_000, 'a'), Buffer.from('b'), Buffer.alloc(100_000, 'c')];
const WHOLE = Buffer.concat(PIECES);

async function* piecesOf(): AsyncGenerator<Uint8Array, void> {
  for (const piece of PIECES) yield await Promise.resolve(piece);
}

describe('TemporaryFile', () => {
  let file: TemporaryFile;
  beforeEach(async () => {
    file = await TemporaryFile.create();
  });
  afterEach(() => {
    file.close();
    sinon.restore();
  });

  const names = async (): Promise<string[]> =>
    (await fs.readdir(tmpdir())).filter((name) => name.startsWith('facebook-attachments-'));

  it('passes on what it keeps, and gives it as often as it is asked to, also to several at a time', async () => {
    assert.deepEqual(await buffer(file.record(piecesOf())), WHOLE);
    assert.equal(file.bytes, WHOLE.length);
    for (const read of await Promise.all([buffer(file.read()), buffer(file.read())])) {
      assert.ok(read.equals(WHOLE));
    }
  });

  it('has no name that another process could open, or that stays behind', async () => {
    await buffer(file.record(piecesOf()));
    assert.deepEqual(await names(), []);
  });

  it('is made for this user alone, and never in the place of what is there', async () => {
    const open = sinon.spy(fs, 'open');
    (await TemporaryFile.create()).close();
    const [, flags, mode] = open.lastCall.args;
    assert.deepEqual([flags, mode], ['wx+', 0o600]);
  });

  it('stays open for its readers after it is closed, and is then closed', async () => {
    await buffer(file.record(piecesOf()));
    const reading = file.read();
    await reading.next();
    file.close();
    assert.equal(file.isOpen, false);
    const rest: Uint8Array[] = [];
    for await (const piece of reading) rest.push(piece);
    assert.equal(Buffer.concat(rest).length, WHOLE.length - 192 * 1024);
    await assert.rejects(buffer(file.read()), { code: 'EBADF' });
  });

  it('leaves nothing open if its name cannot be deleted', async () => {
    const open = sinon.spy(fs, 'open');
    sinon.stub(fs, 'unlink').rejects(new Error('no'));
    await assert.rejects(TemporaryFile.create(), { message: 'no' });
    assert.equal((await open.lastCall.returnValue).fd, -1);
    sinon.restore();
    for (const name of await names()) await fs.rm(`${tmpdir()}/${name}`);
  });
});
