import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import KeyvFile from 'keyv-file';
import { image } from '../../src';
import { openPlainAdapter } from '../support/bot/plain-adapter';
import { OTHER_PAGE, PAGE } from '../support/platform/pages';
import { IN_ASSETS, STORE, workbench } from './support';

interface Listed {
  readonly page: string;
  readonly asset: string;
  readonly attachmentId: string;
  readonly path?: string;
}

describe('facebook-attachments list', () => {
  const bench = workbench();
  const list = async (...args: string[]): Promise<Listed[]> => {
    const { stdout } = await bench.tool(['list', '--json', '--store', 'file://ids', ...args], { env: {} });
    return JSON.parse(stdout) as Listed[];
  };

  it('lists the IDs that a bot has saved, without a token', async () => {
    const store = new KeyvFile({ filename: bench.folder.at('ids'), separatedFile: true });
    for (const page of [PAGE, OTHER_PAGE]) {
      const client = openPlainAdapter(bench.sim, { page, store });
      await client.send('7001', image('cats/tom.jpg'));
      await client.close();
    }
    const listed = await list();
    assert.deepEqual(
      listed.map(({ page, asset }) => [page, asset]),
      [
        [PAGE.id, 'image "cats/tom.jpg"'],
        [OTHER_PAGE.id, 'image "cats/tom.jpg"'],
      ],
    );
    assert.deepEqual(
      listed.map(({ path }) => path),
      ['cats/tom.jpg', 'cats/tom.jpg'],
    );
    assert.deepEqual(await list('--page', OTHER_PAGE.id), listed.slice(1));
  });

  it('prints a table that people can read', async () => {
    await bench.tool(['warm', 'cats/tom.jpg', ...IN_ASSETS]);
    const { stdout } = await bench.tool(['list', '--store', STORE]);
    const [id] = bench.sim.assets().map((asset) => asset.id);
    const day = '\\d{4}-\\d\\d-\\d\\d';
    assert.match(stdout, /^ID +PAGE +UPLOADED +EXPIRES +LEFT +SIZE +ASSET$/m);
    assert.match(
      stdout,
      new RegExp(`^${id ?? ''} +1001 +${day} +${day} +88 days +52\\.8 kB +image "cats/tom\\.jpg"$`, 'm'),
    );
  });

  it('lets nothing in the store give commands to the terminal', async () => {
    const store = new KeyvFile({ filename: bench.folder.at('ids.json') });
    const key = 'fb-attachment:2:1001:image:x';
    const record = {
      v: 2,
      key,
      id: '1',
      uploadedAt: Date.now(),
      page: '1001',
      type: 'image',
      asset: '\u001b[2Jimage\nx',
    };
    await store.set(`facebook-attachments:${key}`, JSON.stringify({ value: record }));
    const { stdout } = await bench.tool(['list', '--store', STORE]);
    assert.equal(stdout.includes('\u001b'), false);
    assert.equal(stdout.trimEnd().split('\n').length, 2);
  });

  it('says that there are none, where it does not get into the output', async () => {
    await bench.createStore();
    await mkdir(bench.folder.at('ids'));
    const { code, stdout, stderr } = await bench.tool(['list', '--store', STORE, '--page', '77']);
    assert.deepEqual([code, stdout, stderr], [0, '', 'No IDs in file://ids.json for page 77\n']);
    assert.deepEqual(await list(), []);
  });
});
