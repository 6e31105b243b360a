import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { AttachmentError } from '../../../src/base/errors';
import {
  slotOf,
  warmAll,
  type WarmAsset,
  type WarmOne,
  type WarmProgress,
  type WarmReport,
} from '../../../src/delivery/warm';
import { image } from '../../../src/message/builders';
import { warningsOf } from '../../support/checks/warnings';
import { useFolder } from '../../support/files/folder';

type Options = Partial<Parameters<typeof warmAll>[2]>;

describe('warmAll', () => {
  const folder = useFolder();
  let warmed: unknown[];

  beforeEach(async () => {
    warmed = [];
    await folder.write('cats/tom.png', 'x');
    await folder.write('cats/mia.png', 'x');
    for (const name of Array.from('abcde012345')) await folder.write(`${name}.png`, 'x');
  });

  /** Uploads everything, and notes what. */
  const upload: WarmOne = ({ type, payload: { url } }) => {
    warmed.push(url);
    return Promise.resolve({
      asset: `${type} ${String(url)}`,
      type,
      outcome: 'uploaded',
      attachmentId: '11',
      bytes: 100,
    });
  };

  const warm = (assets: Iterable<WarmAsset>, warmOne = upload, options: Options = {}): Promise<WarmReport> =>
    warmAll(assets, warmOne, { root: folder.path, concurrency: 2, ...options });

  it('sees to attachments, messages, paths, folders, globs and addresses, and tells of each in order', async () => {
    const report = await warm([
      image('a.png').attachment,
      image('b.png'),
      'c.png',
      'cats',
      'cats/m*.png',
      'https://example.com/d.png',
    ]);
    const urls = [
      'a.png',
      'b.png',
      'c.png',
      'cats/mia.png',
      'cats/tom.png',
      'cats/mia.png',
      'https://example.com/d.png',
    ];
    assert.deepEqual(
      report.results.map(({ asset }) => asset),
      urls.map((url) => `image ${url}`),
    );
    assert.deepEqual([...warmed].sort(), [...urls].sort());
  });

  it('needs nobody who hears of its progress', async () => {
    assert.deepEqual(await warningsOf(() => warm(['a.png'])), []);
  });

  it('counts what became of them', async () => {
    const outcomes = ['uploaded', 'known', 'missing', 'uploaded', 'known', 'known'] as const;
    let n = 0;
    const report = await warm(
      outcomes.map((_, index) => `${index}.png`),
      ({ type }) => {
        const outcome = outcomes[n++] ?? 'failed';
        return Promise.resolve({ asset: 'it', type, outcome, bytes: 10 });
      },
    );
    const { results, ...counts } = report;
    assert.equal(results.length, 6);
    assert.deepEqual(counts, { uploaded: 2, known: 3, failed: 0, skipped: 0, missing: 1, bytesUploaded: 20 });
  });

  it('counts no bytes of what has no size', async () => {
    const report = await warm(['a.png'], ({ type }) =>
      Promise.resolve({ asset: 'it', type, outcome: 'uploaded' }),
    );
    assert.equal(report.bytesUploaded, 0);
  });

  it('goes on with the others when one fails, and tells why', async () => {
    const error = new AttachmentError('ERR_ATTACHMENT_EMPTY', 'image "b.png"', 'it has no content');
    const plain = new Error('broken');
    const report = await warm(['a.png', 'b.png', 'c.png', '*.webp', 'd.png'], (slot) => {
      if (slot.payload.url === 'b.png') return Promise.reject(error);
      if (slot.payload.url === 'c.png') return Promise.reject(plain);
      return upload(slot);
    });
    const [first, second, third, fourth, fifth] = report.results;
    assert.deepEqual([first?.outcome, fifth?.outcome], ['uploaded', 'uploaded']);
    assert.deepEqual(
      [
        second?.asset,
        second?.type,
        second?.outcome,
        second?.error?.message,
        (second?.error as AttachmentError).code,
      ],
      ['image "b.png"', 'image', 'failed', 'Cannot upload image "b.png": it has no content', error.code],
    );
    assert.deepEqual(third, { asset: 'image c.png', type: 'image', outcome: 'failed', error: plain });
    assert.deepEqual([fourth?.asset, fourth?.type, fourth?.outcome], ['"*.webp"', undefined, 'failed']);
    assert.deepEqual([report.failed, report.uploaded], [3, 2]);
  });

  it('names what no other error names: a pattern as it was given, an attachment as one', async () => {
    const endless = `${'x'.repeat(70_000)}*`;
    const report = await warm([endless, null as unknown as WarmAsset, 'a.png']);
    assert.deepEqual(
      report.results.map(({ asset, outcome }) => [asset, outcome]),
      [
        [endless, 'failed'],
        ['attachment', 'failed'],
        ['image a.png', 'uploaded'],
      ],
    );
  });

  it('makes an error of what is none', async () => {
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- What is no error can be thrown, too.
    const { results } = await warm(['a.png'], () => Promise.reject('broken'));
    assert.ok(results[0]?.error instanceof Error);
    assert.equal(results[0].error.message, 'broken');
  });

  it('fails for an attachment that holds nothing to upload, and for a malformed one, each by itself', async () => {
    const odd = [
      { type: 'image', payload: { attachment_id: '11' } },
      { type: 'image' },
      { type: 'location', payload: {} },
      { attachment: undefined },
      {},
    ];
    const report = await warm([...(odd as WarmAsset[]), 'a.png']);
    assert.deepEqual(
      report.results.map(({ outcome, error }) => [outcome, (error as { code?: string } | undefined)?.code]),
      [...odd.map(() => ['failed', 'ERR_ATTACHMENT_BAD_SOURCE']), ['uploaded', undefined]],
    );
  });

  it('shows no query string and no password, whatever becomes of an asset', async () => {
    const secret = 'https://tom:hunter2@example.com/tom.png?sig=S';
    const failed = await warm([secret, 'https://tom:hunter2@example.com/tom?sig=S'], () =>
      Promise.reject(new Error('broken')),
    );
    const signal = AbortSignal.abort();
    const skipped = await warm([secret, image(secret)], upload, { signal });
    const shown = [...failed.results, ...skipped.results].map(({ asset }) => asset);
    assert.deepEqual(shown, [
      'image https://example.com/tom.png',
      'https://example.com/tom',
      'image https://example.com/tom.png',
      'image https://example.com/tom.png',
    ]);
  });

  it('shows no content, either', async () => {
    const content = Buffer.alloc(1000, 'x').toString('base64');
    const uri = `data:image/png;base64,${content}`;
    const { results } = await warm([image(uri), image(` ${uri}`), image('cats/data:1.png')], upload, {
      signal: AbortSignal.abort(),
    });
    assert.deepEqual(
      results.map(({ asset }) => asset),
      ['image from a data: URI', 'image from a data: URI', 'image cats/data:1.png'],
    );
  });

  it('sees to so many at a time', async () => {
    let [underway, most] = [0, 0];
    await warm(['a.png', 'b.png', 'c.png', 'd.png', 'e.png'], async (slot) => {
      most = Math.max(most, ++underway);
      await turn();
      underway--;
      return upload(slot);
    });
    assert.equal(most, 2);
  });

  it('tells of its progress after each', async () => {
    const progress: WarmProgress[] = [];
    const { results } = await warm(['a.png', '*.webp', 'c.png'], upload, {
      concurrency: 1,
      onProgress: (step) => progress.push(step),
    });
    assert.deepEqual(
      progress,
      results.map((result, index) => ({ done: index + 1, total: 3, result })),
    );
  });

  const failing: [how: string, onProgress: () => void][] = [
    [
      'throws',
      () => {
        throw new Error('the terminal is gone');
      },
    ],
    // An async function may be given where nothing is expected to be returned.
    ['rejects', () => Promise.reject(new Error('the terminal is gone'))],
  ];
  for (const [how, onProgress] of failing) {
    it(`goes on with the others when onProgress ${how}, and warns once`, async () => {
      let report: WarmReport | undefined;
      const warnings = await warningsOf(async () => {
        report = await warm(['a.png', 'b.png', 'c.png'], upload, { onProgress });
      });
      assert.equal(report?.uploaded, 3);
      assert.deepEqual(warnings, [
        'FacebookAttachmentCacheWarning: `onProgress` of `warm` failed: Error: the terminal is gone',
      ]);
    });
  }

  it('goes on telling of its progress after onProgress has failed', async () => {
    const done: number[] = [];
    await warningsOf(() =>
      warm(['a.png', 'b.png', 'c.png'], upload, {
        onProgress: (step) => {
          done.push(step.done);
          if (step.done === 1) throw new Error('the terminal is gone');
        },
      }),
    );
    assert.deepEqual(done, [1, 2, 3]);
  });

  it('stops before the next one when it is told to; what is under way ends', async () => {
    const stop = new AbortController();
    const report = await warm(
      ['a.png', 'b.png', image(Buffer.from('x')), '*.webp'],
      async (slot) => {
        stop.abort();
        await turn();
        return upload(slot);
      },
      { concurrency: 1, signal: stop.signal },
    );
    assert.deepEqual(warmed, ['a.png']);
    assert.deepEqual(report.results.slice(1, 3), [
      { asset: 'image b.png', type: 'image', outcome: 'skipped' },
      { asset: 'image', type: 'image', outcome: 'skipped' },
    ]);
    assert.deepEqual([report.skipped, report.failed], [2, 1]);
  });

  it('counts as skipped what gives up when it is told to, and as failed what fails meanwhile', async () => {
    const end = async (error: (signal: AbortSignal) => unknown): Promise<string | undefined> => {
      const stop = new AbortController();
      const { results } = await warm(
        ['a.png'],
        async () => {
          stop.abort();
          await turn();
          throw error(stop.signal);
        },
        { signal: stop.signal },
      );
      return results[0]?.outcome;
    };
    assert.equal(await end(({ reason }) => reason as unknown), 'skipped');
    assert.equal(await end(() => new Error('refused')), 'failed');
  });

  it('has nothing to do without assets', async () => {
    assert.deepEqual(await warm([]), {
      results: [],
      uploaded: 0,
      known: 0,
      failed: 0,
      skipped: 0,
      missing: 0,
      bytesUploaded: 0,
    });
  });
});

describe('slotOf', () => {
  it('is what is to be uploaded', () => {
    const { attachment } = image('a.png', { reusable: false });
    assert.deepEqual(slotOf(attachment), {
      type: 'image',
      payload: attachment.payload,
      element: undefined,
      reusable: false,
    });
  });

  it('says when there is nothing to upload', () => {
    assert.throws(() => slotOf({ type: 'image', payload: { attachment_id: '11' } }), {
      name: 'AttachmentError',
      code: 'ERR_ATTACHMENT_BAD_SOURCE',
      message: 'Cannot send attachment: it has no `url` or `filedata` to upload',
    });
  });
});
