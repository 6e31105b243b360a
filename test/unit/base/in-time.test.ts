import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { Worker } from 'node:worker_threads';
import { inTime, NoAnswerError } from '../../../src/base/in-time';

const ANSWERS_AFTER_50_MS = `
  const { parentPort } = require('node:worker_threads');
  const server = require('node:net').createServer((socket) => setTimeout(() => socket.end('answer'), 50));
  server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
`;

describe('inTime', () => {
  it('gives what the work resolves with, and throws what it rejects with', async () => {
    assert.equal(await inTime(Promise.resolve(1), 10), 1);
    await assert.rejects(inTime(Promise.reject(new Error('no')), 10), { message: 'no' });
  });

  it('says how long it has waited when there is no answer', async () => {
    await assert.rejects(inTime(new Promise(() => undefined), 5), new NoAnswerError(5));
  });

  it('counts an answer that came while the process was busy', async () => {
    // In a thread of its own, because this one is busy.
    const server = new Worker(ANSWERS_AFTER_50_MS, { eval: true });
    const [port] = (await once(server, 'message')) as [number];
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    try {
      const waiting = inTime(once(socket, 'data'), 1);
      const begun = performance.now();
      while (performance.now() - begun < 200);
      assert.equal(String((await waiting)[0]), 'answer');
    } finally {
      socket.destroy();
      await server.terminate();
    }
  });

  it('hardly counts time for which the process was busy, again and again', async () => {
    let answer: (value: string) => void = () => undefined;
    const waiting = inTime(new Promise<string>((resolve) => (answer = resolve)), 500);
    for (let pause = 0; pause < 4; pause++) {
      const begun = performance.now();
      while (performance.now() - begun < 200);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    answer('after 800 ms, of which it was busy for nearly all');
    assert.match(await waiting, /^after/);
  });
});
