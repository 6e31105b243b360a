import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { Readable } from 'node:stream';
import { json } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { type GraphCall } from 'messenger-platform-simulator';
import { until } from '../support/checks/waiting';
import {
  type Answer,
  assertError,
  call,
  callWithForm,
  messageWith,
  PAGE,
  PNG,
  received,
  send,
  USER,
  useSimulator,
} from './support';

const MB = 1024 * 1024;

describe('What anybody can send is bounded:', () => {
  const simulator = useSimulator();
  const calls = () =>
    simulator()
      .calls()
      .map(({ number }) => simulator().call(number) as GraphCall);

  /** Sends everything, however early the answer comes. */
  async function post(contentType: string, body: Iterable<Buffer>): Promise<Answer> {
    const headers = { 'content-type': contentType };
    const sent = http.request(`${simulator().httpUrl}/me/messages`, { method: 'POST', headers });
    const answered = once(sent, 'response') as Promise<[http.IncomingMessage]>;
    const [[answer]] = await Promise.all([answered, pipeline(Readable.from(body), sent)]);
    return { status: answer.statusCode ?? 0, body: (await json(answer)) as Answer['body'] };
  }

  /** Parts of 4 MB, without a token. */
  function* parts(count: number, more: (at: number) => string = () => '') {
    const field = Buffer.alloc(4 * MB, 'x');
    for (let at = 0; at < count; at += 1) {
      yield Buffer.from(`--cut\r\nContent-Disposition: form-data; name="field${at}"${more(at)}\r\n\r\n`);
      yield field;
      yield Buffer.from('\r\n');
    }
    yield Buffer.from('--cut--\r\n');
  }

  it('a body, to 64 MB: the rest of a larger one is thrown away as it comes', async function () {
    this.timeout(30_000);
    const highest = await highestMemory(async () => {
      const fields = await post('multipart/form-data; boundary=cut', parts(100));
      assertError(fields, 100, undefined, /body of the request is too large/);
    });
    assert.ok(highest < 250 * MB, `${Math.round(highest / MB)} MB for a body of 400 MB`);
  });

  it('files, to 64 MB together: 100/2018109', async () => {
    const files = parts(17, (at) => `; filename="${at}.png"`);
    assertError(await post('multipart/form-data; boundary=cut', files), 100, 2018109);
  });

  it('JSON and a field, to 5 MB', async () => {
    const text = Array.from({ length: 20 }, () => Buffer.alloc(MB, ' '));
    assertError(await post('application/json', text), 100, undefined, /body of the request is too large/);
    const field = Buffer.concat([...parts(1)].toSpliced(2, 0, Buffer.alloc(2 * MB, 'x')));
    assertError(await post('multipart/form-data; boundary=cut', [field]), 100, undefined, /too long/);
  });

  it('all bodies that are read at once, to 256 MB: the next one waits, and small ones pass', async () => {
    const stalled = Array.from({ length: 4 }, () => {
      // It does not say how long it is, so it may be as long as any.
      const headers = { 'content-type': 'multipart/form-data; boundary=cut' };
      const begun = http.request(`${simulator().httpUrl}/me/messages`, { method: 'POST', headers });
      begun.on('error', () => undefined).write('--cut\r\n');
      return begun;
    });
    await until('four calls', () => simulator().calls().length === 4);
    let isAnswered = false;
    const large = call(simulator(), '/me/messages', { message: { text: 'x'.repeat(100_000) } }).finally(
      () => {
        isAnswered = true;
      },
    );
    assert.equal((await send(simulator(), { text: 'Small' })).status, 200);
    assert.equal(isAnswered, false);
    stalled[0]?.destroy();
    assertError(await large, 100, undefined, /recipient is required/);
    for (const one of stalled) one.destroy();
  });

  it('JSON, to 100 levels, in bodies, forms, batches and the control API', async () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
    const post = async (path: string, body: string, type = 'application/json') => {
      const headers = { 'content-type': type };
      const response = await fetch(simulator().httpUrl + path, { method: 'POST', headers, body });
      return { status: response.status, body: (await response.json()) as Answer['body'] };
    };
    const query = `?access_token=${PAGE.token}`;
    const tooDeep = /must not be nested more than 100 levels deep/;
    for (const path of [
      '/me/messages?access_token=none',
      `/me/messages${query}`,
      `/me/messenger_profile${query}`,
    ]) {
      for (const depth of [101, 3000, 20_000]) {
        assertError(await post(path, `{"greeting":${nested(depth)}}`), 100, undefined, tooDeep);
        const form = new URLSearchParams({ message: nested(depth) }).toString();
        assertError(await post(path, form, 'application/x-www-form-urlencoded'), 100, undefined, tooDeep);
      }
    }
    assert.equal((await post(`/me/messenger_profile${query}`, `{"greeting":${nested(100)}}`)).status, 200);
    const operation = { method: 'POST', relative_url: 'me/messages', body: `message=${nested(5000)}` };
    const { body: parts } = await post(`/${query}`, JSON.stringify({ batch: [operation] }));
    assert.match(JSON.stringify(parts), tooDeep);
    for (const path of ['/_sim/say', '/_sim/act', '/_sim/faults']) {
      const { status, body } = await post(path, `[{"body":${nested(5000)}}]`);
      assert.deepEqual(
        [status, body],
        [400, { error: 'Expected the body to be nested at most 100 levels deep' }],
      );
    }
    assert.equal((await fetch(`${simulator().httpUrl}/_sim/calls`)).status, 200);
  });

  it('fields and files of a form, to 100', async () => {
    const fields = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, at) => [`field${at}`, 'x']));
    assertError(await callWithForm(simulator(), '/messages', fields(101)), 100, undefined, /Too many/);
    assertError(await callWithForm(simulator(), '/messages', fields(99)), 100, undefined, /recipient/);
  });

  it('names, to what can be shown', async () => {
    const file = new File([PNG], `${'n'.repeat(300)}.png`, { type: 'image/png' });
    const form = { message: messageWith('image', { is_reusable: true }), filedata: file };
    assert.equal((await callWithForm(simulator(), '/message_attachments', form)).status, 200);
    assert.equal(simulator().assets()[0]?.name, 'n'.repeat(255));
    assertError(await call(simulator(), `/${'9'.repeat(300)}/messages`, { message: { text: 'x' } }), 100, 33);
    assertError(
      await call(simulator(), '/me/messages', { recipient: { id: '9'.repeat(300) }, message: { text: 'x' } }),
      100,
      2018001,
    );
    const persona = { name: 'n'.repeat(501), profile_picture_url: 'https://example.com/tom.png' };
    assertError(await call(simulator(), '/me/personas', persona), 100, undefined, /Length of param name/);
    assert.ok(calls().every(({ path }) => path.length <= 1000));
  });

  it('threads and calls, to 64 MB of messages, requests and answers: the oldest go', async function () {
    this.timeout(30_000);
    const subtitle = 'x'.repeat(4 * MB);
    const elements = [{ title: 'Tom', subtitle }];
    for (let count = 1; count <= 20; count += 1) {
      const template = messageWith('template', { template_type: 'generic', elements });
      assert.equal((await send(simulator(), template)).status, 200);
    }
    assert.equal((await send(simulator(), { text: 'The last' })).status, 200);
    assert.equal(received(simulator()).length, 16);
    assert.equal(received(simulator()).at(-1)?.text, 'The last');
    const kept = calls().filter(({ body }) => body !== undefined);
    assert.deepEqual([calls().length, kept.length], [21, 16]);
    assert.equal(kept.at(-1)?.number, 21);
  });

  it('personas, labels and people with a label, to 1,000', async function () {
    this.timeout(30_000);
    const many = async (count: number, relative_url: string, body: (at: number) => object) => {
      const answers: number[] = [];
      for (let from = 0; from < count; from += 50) {
        const batch = Array.from({ length: Math.min(50, count - from) }, (_, at) => ({
          method: 'POST',
          relative_url,
          body: new URLSearchParams({ ...body(from + at) }).toString(),
        }));
        const { body: parts } = await call(simulator(), '/', { batch });
        answers.push(...(parts as unknown as { code: number }[]).map(({ code }) => code));
      }
      return answers.filter((code) => code === 200).length;
    };
    const picture = 'https://example.com/tom.png';
    assert.equal(
      await many(1010, 'me/personas', () => ({ name: 'Tom', profile_picture_url: picture })),
      1000,
    );
    assert.equal(await many(1010, 'me/custom_labels', (at) => ({ page_label_name: `label ${at}` })), 1000);
    const labels = (await call(simulator(), '/me/custom_labels')).body['data'] as { id: string }[];
    const label = labels[0]?.id ?? '';
    assert.equal(await many(1010, `${label}/label`, (at) => ({ user: String(at + 1) })), 1000);
    assert.equal(simulator().thread(PAGE.id, USER).messages.length, 0);
  });
});

/** Bytes of memory that `work` took at most, above what was taken before. */
async function highestMemory(work: () => Promise<void>): Promise<number> {
  const taken = () => {
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const before = taken();
  let highest = before;
  const watch = setInterval(() => {
    highest = Math.max(highest, taken());
  }, 5);
  try {
    await work();
  } finally {
    clearInterval(watch);
  }
  return highest - before;
}
