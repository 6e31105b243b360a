import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import sinon from 'sinon';
import { useDelivery } from '../../support/bot/use-delivery';
import { useFolder } from '../../support/files/folder';
import { arrived } from '../../support/platform/received';
import { readAsset } from '../../support/files/assets';
import { sha256 } from '../../support/checks/sha256';

describe('Delivery of a file that changes', () => {
  const platform = useDelivery();

  const folder = useFolder();

  /** Before a file is opened for the `n`th time, writes it anew; each time another content. */
  function changing(...times: number[]): void {
    const { open: openFile } = fs;
    let opened = 0;
    sinon.stub(fs, 'open').callsFake(async (...args) => {
      if (times.includes(++opened)) await fs.appendFile(folder.at('tom.jpg'), String(opened));
      return openFile(...args);
    });
  }
  const file = { type: 'image', payload: { url: 'tom.jpg' } };

  beforeEach(() => folder.write('tom.jpg', readAsset('cats/tom.jpg')));

  it('goes out as it is by then', async () => {
    const { send, reports } = platform.open({ root: folder.path });
    changing(2);
    await send(file);
    const now = await fs.readFile(folder.at('tom.jpg'));
    assert.deepEqual(
      platform.sim.assets().map(({ sha256: digest }) => digest),
      [sha256(now, 'hex')],
    );
    assert.deepEqual(reports.names(), ['upload', 'send']);
  });

  it('goes out once when it changes while a new ID is made for a dead one, and nothing failed', async () => {
    const { send, reports, ids } = platform.open({ root: folder.path });
    await send(file);
    platform.sim.revokeAll();
    changing(2);
    await send(file);
    await ids.idle();
    assert.equal(arrived(platform.sim).length, 2);
    assert.deepEqual(reports.errors(), []);
  });

  it('is looked at once when it cannot be sent for another reason', async () => {
    const { send } = platform.open({ root: folder.path });
    await folder.write('tom.jpg', '');
    const open = sinon.spy(fs, 'open');
    await assert.rejects(send(file), { code: 'ERR_ATTACHMENT_EMPTY' });
    assert.equal(open.callCount, 1);
  });

  it('may change twice, and not three times', async () => {
    const { send } = platform.open({ root: folder.path });
    changing(2, 4);
    await send(file);
    sinon.restore();
    const other = platform.open({ root: folder.path });
    changing(2, 4, 6);
    await assert.rejects(other.send(file), { code: 'ERR_ATTACHMENT_CHANGED' });
    assert.equal(arrived(platform.sim).length, 1);
  });
});
