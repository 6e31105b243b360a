import assert from 'node:assert/strict';
import KeyvFile from 'keyv-file';
import { useFakeTimers } from 'sinon';
import { file, image } from '../../src';
import { countUploads } from '../support/platform/received';
import { ASSETS } from '../support/files/assets';
import { openWebsite } from '../support/platform/website';
import { IN_ASSETS, printed, workbench } from './support';

const DAY = 24 * 60 * 60 * 1000;

describe('facebook-attachments refresh', () => {
  const bench = workbench();

  /** As if it had been done so many days ago. */
  const daysAgo = async (days: number, work: () => Promise<unknown>): Promise<void> => {
    const clock = useFakeTimers({ now: Date.now() - days * DAY, toFake: ['Date'] });
    try {
      await work();
    } finally {
      clock.restore();
    }
  };

  it('replaces the IDs that are near their end, and no others', async () => {
    await daysAgo(83, () => bench.tool(['warm', 'cats/tom.jpg', ...IN_ASSETS]));
    await bench.tool(['warm', 'cats/mia.jpg', ...IN_ASSETS]);
    const result = await bench.tool(['refresh', '--json', ...IN_ASSETS]);
    assert.equal(result.code, 0);
    assert.deepEqual(
      printed(result).results.map(({ asset, outcome }) => [asset, outcome]),
      [['image "cats/tom.jpg"', 'uploaded']],
    );
  });

  it('looks as far ahead as it is told', async () => {
    await daysAgo(60, () => bench.tool(['warm', 'cats/tom.jpg', ...IN_ASSETS]));
    const { stdout } = await bench.tool(['refresh', ...IN_ASSETS]);
    assert.match(stdout, /^Nothing to refresh: of 1 IDs, the first is good until \d{4}-\d\d-\d\d\n$/);
    await bench.tool(['refresh', '--within', '30', ...IN_ASSETS]);
    assert.equal(countUploads(bench.sim), 2);
  });

  it('replaces all with --all, addresses too', async () => {
    const website = bench.closeAfterTest(await openWebsite());
    await bench.tool(['warm', 'cats', `${website.url}/paw.png`, ...IN_ASSETS]);
    const before = new Set(bench.sim.assets().map(({ id }) => id));
    const result = await bench.tool(['refresh', '--all', '--json', ...IN_ASSETS]);
    const ids = printed(result).results.map(({ attachmentId = '' }) => attachmentId);
    assert.equal(ids.length, 3);
    assert.ok(ids.every((id) => !before.has(id)));
  });

  it('replaces what is named, however good its ID is, and the bot sends by the new one', async () => {
    await bench.tool(['warm', 'cats/tom.jpg', ...IN_ASSETS]);
    bench.sim.revokeAll();
    const { code } = await bench.tool(['refresh', 'cats/tom.jpg', ...IN_ASSETS]);
    assert.equal(code, 0);
    const botkit = await bench.openBotkit({ store: new KeyvFile({ filename: bench.folder.at('ids.json') }) });
    await (await botkit.bot()).say(image('cats/tom.jpg'));
    assert.equal(botkit.plugin.stats.recoveries, 0);
    assert.equal(countUploads(bench.sim), 2);
  });

  it('knows the name under which the bot sends a file', async () => {
    const store = () => new KeyvFile({ filename: bench.folder.at('ids'), separatedFile: true });
    const botkit = await bench.openBotkit({ store: store() });
    await (await botkit.bot()).say(file('cat-care.pdf', { filename: 'Cat care.pdf' }));
    await botkit.plugin.close();
    const result = await bench.tool([
      'refresh',
      '--all',
      '--json',
      '--store',
      'file://ids',
      '--root',
      ASSETS,
    ]);
    assert.deepEqual([printed(result).uploaded, printed(result).kept], [1, []]);
    assert.deepEqual(
      bench.sim.assets().map(({ name }) => name),
      ['Cat care.pdf', 'Cat care.pdf'],
    );
  });

  it('leaves what it cannot open again, and says why', async () => {
    const website = bench.closeAfterTest(await openWebsite());
    const botkit = await bench.openBotkit({
      root: bench.folder.path,
      store: new KeyvFile({ filename: bench.folder.at('ids'), separatedFile: true }),
    });
    await bench.folder.write('changed.png', 'before');
    await bench.folder.write('gone.png', 'here');
    const bot = await botkit.bot();
    await bot.say({
      attachment: { type: 'image', payload: { filedata: Buffer.from('bytes'), filename: 'b.png' } },
    });
    for (const url of ['changed.png', 'gone.png', `${website.url}/paw.png?signature=abc`])
      await bot.say(image(url));
    await bench.folder.write('changed.png', 'after');
    await botkit.plugin.close();
    const result = await bench.tool([
      'refresh',
      '--all',
      '--json',
      '--store',
      'file://ids',
      '--root',
      `${ASSETS}/cats`,
    ]);
    const { kept = [], results } = printed(result);
    assert.equal(result.code, 0);
    assert.deepEqual(results, []);
    assert.deepEqual(
      kept.map(({ asset, reason }) => [asset.replace(website.url, ''), reason.replace(/in ".*"/, 'in …')]),
      [
        ['image "b.png" (from filedata)', 'only the bot has its bytes'],
        ['image "changed.png"', 'there is no such file in … [ERR_ATTACHMENT_NOT_FOUND]'],
        ['image "gone.png"', 'there is no such file in … [ERR_ATTACHMENT_NOT_FOUND]'],
        ['image /paw.png', 'its address had a query string, which is not stored; pass the address'],
      ],
    );
    const { stdout } = await bench.tool(['refresh', '--all', '--store', 'file://ids']);
    assert.match(stdout, /^kept +image "changed\.png" {2}\(the file has changed; pass its path\)$/m);
    assert.match(stdout, /^1 uploaded \(4 B\), 3 kept · /m);
  });

  it('tells in a dry run what it would upload', async () => {
    await bench.tool(['warm', 'cats/tom.jpg', ...IN_ASSETS]);
    const { code, stdout } = await bench.tool(['refresh', '--all', '--dry-run', ...IN_ASSETS]);
    assert.equal(code, 0);
    assert.match(stdout, /^to upload +image "cats\/tom\.jpg"/);
    assert.equal(countUploads(bench.sim), 1);
  });

  it('has nothing to do in a store without IDs', async () => {
    await bench.createStore();
    const { code, stdout } = await bench.tool(['refresh', ...IN_ASSETS]);
    assert.deepEqual([code, stdout], [0, 'Nothing to refresh: there are no IDs of this page\n']);
  });
});
