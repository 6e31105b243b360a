import assert from 'node:assert/strict';
import sinon from 'sinon';
import { readRetryAfter, readTimeToRegainAccess } from '../../../src/graph/answer-headers';

const DAY = 24 * 60 * 60 * 1000;

describe('readRetryAfter', () => {
  const NOW = Date.UTC(2026, 0, 1, 12);
  const waits: [what: string, header: string | string[] | undefined, milliseconds: number | undefined][] = [
    ['no header', undefined, undefined],
    ['seconds', '70', 70_000],
    ['no seconds', '0', 0],
    ['a day', '86400', DAY],
    ['more than a day', '86401', DAY],
    ['seconds without end', '9'.repeat(400), DAY],
    ['negative seconds', '-5', 0],
    ['a date', 'Thu, 01 Jan 2026 12:01:30 GMT', 90_000],
    ['a date in the past', 'Thu, 01 Jan 2026 11:00:00 GMT', 0],
    ['a date in a year', 'Fri, 01 Jan 2027 12:00:00 GMT', DAY],
    ['words', 'after the break', undefined],
    ['words and seconds', '7 seconds or so', undefined],
    ['nothing', '', undefined],
    ['a date that begins with digits', '2026-01-01T12:01:30Z', 90_000],
    ['a date that ends in digits', 'Thu, 01 Jan 2026 12:01:30 +0000', 90_000],
    ['two: the first of them', ['7', '8'], 7_000],
  ];
  for (const [what, header, milliseconds] of waits) {
    it(`reads ${what}`, () => {
      sinon.useFakeTimers({ now: NOW, toFake: ['Date'] });
      try {
        assert.equal(readRetryAfter({ 'retry-after': header, 'x-other': '1' }), milliseconds);
      } finally {
        sinon.restore();
      }
    });
  }
});

describe('readTimeToRegainAccess', () => {
  const messenger = (minutes: unknown, more: object = {}): object => ({
    type: 'messenger',
    call_count: 101,
    total_cputime: 25,
    total_time: 25,
    estimated_time_to_regain_access: minutes,
    ...more,
  });
  const business = (...usages: unknown[]): string => JSON.stringify({ '1001': usages });

  const times: [what: string, header: string | string[], milliseconds: number][] = [
    ['minutes', business(messenger(5)), 300_000],
    ['a part of a minute', business(messenger(0.5)), 30_000],
    ['no minutes', business(messenger(0)), 0],
    ['a negative time', business(messenger(-5)), 0],
    ['a day', business(messenger(1440)), DAY],
    ['more than a day', business(messenger(1441)), DAY],
    ['a time beyond numbers', '{"1001":[{"estimated_time_to_regain_access":1e999}]}', DAY],
    ['text for a time', business(messenger('5')), 0],
    ['no time', business({ type: 'messenger', call_count: 12 }), 0],
    ['the longest of several', business(messenger(2), messenger(7), messenger(3)), 420_000],
    [
      'the longest of several pages',
      JSON.stringify({ '1001': [messenger(2)], '1002': [messenger(7)] }),
      420_000,
    ],
    ['usage of pages', business(messenger(5, { type: 'pages' })), 300_000],
    ['usage that does not say of what', business({ estimated_time_to_regain_access: 5 }), 300_000],
    ['usage of something else: advertisements', business(messenger(5, { type: 'ads_management' })), 0],
    ['usage without a page around it', JSON.stringify({ estimated_time_to_regain_access: 5 }), 300_000],
    ['a page whose usage is no list', JSON.stringify({ '1001': messenger(5) }), 300_000],
    ['two headers: the first of them', [business(messenger(1)), business(messenger(2))], 60_000],
    ['what is no JSON', '{"1001":[', 0],
    ['nothing', '', 0],
    ['null', 'null', 0],
    ['a number', '7', 0],
    ['a list', '[{"estimated_time_to_regain_access":5}]', 0],
    ['a list of nothing', business(null, 7, 'x', []), 0],
    ['ten thousand brackets', '['.repeat(10_000), 0],
  ];
  for (const [what, header, milliseconds] of times) {
    it(`reads ${what}`, () => {
      assert.equal(readTimeToRegainAccess({ 'x-business-use-case-usage': header }), milliseconds);
    });
  }

  for (const name of ['x-app-usage', 'x-page-usage']) {
    it(`reads the header ${name}`, () => {
      const usage = { call_count: 101, estimated_time_to_regain_access: 5 };
      assert.equal(readTimeToRegainAccess({ [name]: JSON.stringify(usage) }), 300_000);
    });
  }

  it('reads no other header', () => {
    assert.equal(readTimeToRegainAccess({ 'x-ad-account-usage': business(messenger(5)) }), 0);
  });

  it('takes the longest time of several headers', () => {
    const headers = { 'x-app-usage': business(messenger(1)), 'x-page-usage': business(messenger(2)) };
    assert.equal(readTimeToRegainAccess(headers), 120_000);
  });
});
