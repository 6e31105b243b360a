import assert from 'node:assert/strict';
import sinon from 'sinon';
import { AttachmentError } from '../../../src/base/errors';
import { StreamedFile } from '../../../src/source/streamed-file';
import { Preparation } from '../../../src/source/preparation';
import { identifyFiledata } from '../../../src/source/filedata';
import { identifyAddress } from '../../../src/source/web-address';
import { readAsset } from '../../support/files/assets';
import { fakeTime } from '../../support/checks/fake-time';
import { expectedAttachmentError } from '../../support/checks/sample-errors';

const PAW = readAsset('paw.png');
const LABEL = 'image from filedata';

describe('Preparation', () => {
  afterEach(() => {
    sinon.restore();
  });

  it('makes the version a part of key and attempt, whatever it is, and leaves an address as it is', async () => {
    const asset = await identifyFiledata('image', PAW, undefined);
    const prepared = ['1', 'a version of any length: '.repeat(20)].map((version) =>
      new Preparation({ version, convert: () => undefined }).apply(asset),
    );
    for (const { key, attempt } of prepared) {
      assert.match(key.slice(asset.key.length), /^:prepared-[\w-]{16}$/);
      assert.match(attempt.slice(asset.attempt.length), /^:prepared-[\w-]{16}$/);
    }
    assert.notEqual(prepared[0]?.key, prepared[1]?.key);
    const address = identifyAddress('image', 'https://example.com/a.webp', ({ href }) => href);
    assert.equal(
      new Preparation({ version: 1, convert: () => assert.fail('it was asked') }).apply(address),
      address,
    );
  });

  it('fails as the file fails that it reads', async () => {
    const changed = new AttachmentError('ERR_ATTACHMENT_CHANGED', LABEL, 'it has changed');
    const asset = await identifyFiledata('image', PAW, undefined);
    const file = new StreamedFile({ name: 'paw.png', type: 'image/png', size: PAW.length }, () => {
      throw changed;
    });
    const { prepare } = new Preparation({
      version: 1,
      convert: async (given) => ({ filedata: new Uint8Array(await given.file.arrayBuffer()) }),
    }).apply({ ...asset, content: { file } });
    assert.ok(prepare);
    await assert.rejects(prepare(), (error) => error === changed);
  });

  it('fails as the file fails, whatever `convert` makes of that', async () => {
    const asset = await identifyFiledata('image', PAW, undefined);
    const prepareOf = (failure: Error) => {
      const file = new StreamedFile({ name: 'paw.png', type: 'image/png', size: PAW.length }, () => {
        throw failure;
      });
      const convert = async (given: { readonly file: File }): Promise<undefined> => {
        await given.file.arrayBuffer().catch(() => Promise.reject(new Error('cannot convert it')));
      };
      return new Preparation({ version: 1, convert }).apply({ ...asset, content: { file } }).prepare?.();
    };
    const changed = new AttachmentError('ERR_ATTACHMENT_CHANGED', LABEL, 'it has changed');
    await assert.rejects(prepareOf(changed) ?? assert.fail(), (error) => error === changed);
    await assert.rejects(prepareOf(new Error('disk')) ?? assert.fail(), {
      code: 'ERR_ATTACHMENT_PREPARE_FAILED',
      message: /cannot convert it/,
    });
  });

  it('says what is wrong with what `convert` returns', async () => {
    const asset = await identifyFiledata('image', PAW, undefined);
    for (const [returned, problem] of [
      ['paw', 'did not return an object'],
      [{ type: 'cat' }, 'returned an unknown `type`'],
      [{ filename: 5 }, 'returned a `filename` that is not a string, or is empty'],
      [{ filename: '' }, 'returned a `filename` that is not a string, or is empty'],
    ] as const) {
      const convert = (): never => returned as never;
      const { prepare } = new Preparation({ version: 1, convert }).apply(asset);
      await assert.rejects(prepare?.() ?? assert.fail(), { message: new RegExp(problem) });
    }
  });

  it('gives what it only renames the type of its new name', async () => {
    const asset = await identifyFiledata('file', Buffer.from('x'), 'notes');
    const { prepare } = new Preparation({ version: 1, convert: () => ({ filename: 'notes.csv' }) }).apply(
      asset,
    );
    const { content } = (await prepare?.()) ?? assert.fail();
    assert.deepEqual([content.file?.name, content.file?.type], ['notes.csv', 'text/csv']);
  });

  it('ends after 60 s, and is tried again 30 s later', async () => {
    const clock = fakeTime();
    let times = 0;
    const preparation = new Preparation({
      version: 1,
      convert: () => (times++ === 0 ? new Promise(() => undefined) : { filedata: PAW }),
    });
    const { prepare } = preparation.apply(await identifyFiledata('image', PAW, undefined));
    assert.ok(prepare);
    const late = expectedAttachmentError(
      'ERR_ATTACHMENT_PREPARE_FAILED',
      LABEL,
      '`prepare.convert` took longer than 60 s',
    );
    const failed = assert.rejects(prepare(), late);
    await Promise.resolve();
    clock.tick(60_000);
    await failed;
    await assert.rejects(prepare(), late);
    clock.tick(30_001);
    assert.equal((await prepare()).bytes, PAW.length);
  });

  it('keeps what it has made for ten minutes', async () => {
    const clock = fakeTime();
    const convert = sinon.fake(() => ({ filedata: PAW }));
    const { prepare } = new Preparation({ version: 1, convert }).apply(
      await identifyFiledata('image', PAW, undefined),
    );
    assert.ok(prepare);
    await prepare();
    clock.tick(599_000);
    await prepare();
    assert.equal(convert.callCount, 1);
    clock.tick(2_000);
    await prepare();
    assert.equal(convert.callCount, 2);
  });
});
