import assert from 'node:assert/strict';
import {
  type BotUnderTest,
  InputError,
  type Simulator,
  startSimulator,
  type Changes,
  type Snapshot,
} from 'messenger-platform-simulator';
import { PAGE, send, sendById, upload, USER } from './support';

describe('The events of the simulator', () => {
  let simulator: Simulator;
  let leave: AbortController;
  beforeEach(async () => {
    simulator = await startSimulator({ pages: [PAGE], windows: 'open' });
    leave = new AbortController();
  });
  afterEach(async () => {
    leave.abort();
    await simulator.close();
  });

  it('begin with what there is, and go on with what happens', async () => {
    const id = await upload(simulator);
    const events = listen(simulator, leave.signal);
    const { snapshot } = await next(events, ({ snapshot: found }) => found !== undefined);
    assert.deepEqual(
      [snapshot?.assets.map((asset) => asset.id), snapshot?.calls.map(({ purpose }) => purpose)],
      [[id], ['upload-file']],
    );
    await sendById(simulator, id);
    const { changes } = await next(events, ({ changes: found }) => found?.calls !== undefined);
    const [call] = changes?.calls ?? [];
    assert.deepEqual(
      [call?.purpose, call?.user, call?.attachmentId, call?.asset?.name],
      ['send-id', USER, id, 'shirt.png'],
    );
    assert.equal(call?.mid, changes?.messages?.[0]?.message.mid);
    assert.equal('body' in (call ?? {}), false);
    const { sends, byId, uploads } = changes?.status?.stats ?? {};
    assert.deepEqual([sends, byId, uploads], [1, 1, 1]);
  });

  it('start over for a reader that is too far behind', async () => {
    const events = listen(simulator, leave.signal);
    await next(events, ({ snapshot }) => snapshot !== undefined);
    // At once: no event leaves in between.
    for (let n = 0; n < 1_100; n++) simulator.advanceDays(1);
    const { snapshot } = await next(events, () => true);
    assert.equal(snapshot?.status.clock.advancedDays, 1_100);
  });

  it('show a call while it waits, and how long it did when it has ended', async () => {
    const events = listen(simulator, leave.signal);
    await next(events, ({ snapshot }) => snapshot !== undefined); // From now on it is told of changes.
    simulator.addFaults({ hang: true });
    const givingUp = new AbortController();
    const hanging = fetch(`${simulator.httpUrl}/${PAGE.id}/messages?access_token=${PAGE.token}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ recipient: { id: USER }, message: { text: 'Hi' } }),
      signal: givingUp.signal,
    });
    const noAnswer = assert.rejects(hanging, { name: 'AbortError' });
    const { changes } = await next(events, ({ changes: found }) => found?.status?.waiting.length === 1);
    const [waiting] = changes?.status?.waiting ?? [];
    assert.deepEqual(
      [waiting?.number, waiting?.purpose, waiting?.user, waiting?.page, changes?.status?.waitingCount],
      [1, 'send-text', USER, PAGE.id, 1],
    );
    // Whoever comes now sees it, too, and not as one that has ended.
    const { snapshot } = await next(listen(simulator, leave.signal), (event) => event.snapshot !== undefined);
    assert.deepEqual([snapshot?.calls.length, snapshot?.status.waiting.length], [0, 1]);
    givingUp.abort();
    await noAnswer;
    const { changes: ended } = await next(events, ({ changes: found }) => found?.calls !== undefined);
    const [call] = ended?.calls ?? [];
    assert.deepEqual([call?.number, call?.status, ended?.status?.waiting], [1, 0, []]);
    assert.ok((call?.ms ?? 0) >= (waiting?.ms ?? Infinity), `${call?.ms ?? 0} ms`);
  });

  it('do not show the end of a call that began before the log was cleared', async () => {
    const events = listen(simulator, leave.signal);
    await next(events, ({ snapshot }) => snapshot !== undefined); // From now on it is told of changes.
    simulator.addFaults({ delayMs: 200 });
    const slow = send(simulator, { text: 'Hi' });
    await next(events, ({ changes }) => changes?.status?.waiting.length === 1);
    simulator.clearCalls();
    await next(
      events,
      ({ snapshot }) => snapshot?.status.waiting.length === 0 && snapshot.calls.length === 0,
    );
    await slow;
    await send(simulator, { text: 'Another' });
    const { changes } = await next(events, ({ changes: found }) => found?.calls !== undefined);
    assert.deepEqual(
      changes?.calls?.map(({ number }) => number),
      [1],
    );
  });

  it('say of a reset by a fresh start', async () => {
    await send(simulator, { text: 'Hi' });
    const events = listen(simulator, leave.signal);
    await next(events, ({ snapshot }) => snapshot?.calls.length === 1);
    simulator.reset();
    await next(events, ({ snapshot }) => snapshot?.calls.length === 0 && snapshot.threads.length === 0);
  });
});

describe('The controls of the bot itself', () => {
  const files = new Map<string, Buffer>();
  let isUp = true;
  const bot: BotUnderTest = {
    store: { isUp: () => isUp, setUp: (up) => (isUp = up) },
    assets: {
      list: () => Promise.resolve(Array.from(files, ([path, bytes]) => ({ path, bytes: bytes.length }))),
      put: (path, bytes) => {
        if (path.includes('..')) return Promise.reject(new InputError('Expected no ..'));
        files.set(path, bytes);
        return Promise.resolve();
      },
    },
  };
  let simulator: Simulator;
  before(async () => {
    simulator = await startSimulator({ pages: [PAGE], bot });
  });
  after(() => simulator.close());

  const ask = (path: string, options: RequestInit = {}) =>
    fetch(`${simulator.httpUrl}/_sim/bot${path}`, options);

  it('take its store down, and put files into its folder', async () => {
    await ask('/store', { method: 'POST', body: '{"up":false}' });
    const answer = await ask('/assets/cats/new.jpg', { method: 'PUT', body: 'picture' });
    assert.deepEqual(await answer.json(), { store: 'down', assets: [{ path: 'cats/new.jpg', bytes: 7 }] });
    assert.equal(files.get('cats/new.jpg')?.toString(), 'picture');
  });

  it('pass on what the bot does not take', async () => {
    const answer = await ask('/assets/..%2Fnew.jpg', { method: 'PUT', body: 'picture' });
    assert.deepEqual([answer.status, await answer.json()], [400, { error: 'Expected no ..' }]);
  });

  it('refuse a name that no file system takes', async () => {
    const answer = await ask(`/assets/${'x'.repeat(300)}.jpg`, { method: 'PUT', body: 'picture' });
    const error = 'Expected a path of at most 255 characters, got 304';
    assert.deepEqual([answer.status, await answer.json()], [400, { error }]);
    assert.equal(files.size, 1);
  });

  it('obey no web page of others', async () => {
    const headers = { origin: 'https://evil.example' };
    for (const [path, method] of [
      ['/store', 'POST'],
      ['/assets/evil.jpg', 'PUT'],
    ] as const) {
      assert.equal((await ask(path, { method, headers, body: '{"up":true}' })).status, 403);
    }
    assert.equal(files.has('evil.jpg'), false);
  });

  it('are not there unless someone hands them in', async () => {
    const other = await startSimulator({ pages: [PAGE] });
    for (const [method, path] of [
      ['GET', '/bot'],
      ['POST', '/bot/store'],
      ['PUT', '/bot/assets/cat.jpg'],
    ] as const) {
      const refused = await fetch(`${other.httpUrl}/_sim${path}`, {
        method,
        ...(method !== 'GET' && { body: 'no JSON' }),
      });
      assert.equal(refused.status, 404);
      assert.deepEqual(await refused.json(), {
        error: 'The simulator was started without this option: startSimulator({ bot })',
      });
    }
    await other.close();
  });
});

interface Event {
  snapshot?: Snapshot;
  changes?: Changes;
}

async function* listen(simulator: Simulator, signal: AbortSignal): AsyncGenerator<Event> {
  const { body } = await fetch(`${simulator.httpUrl}/_sim/events`, { signal });
  assert.ok(body);
  let text = '';
  for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
    const parts = (text + chunk).split('\n\n');
    text = parts.pop() ?? '';
    for (const part of parts) {
      const [, name = '', data = ''] = /^event: (\w+)\ndata: (.*)$/.exec(part) ?? [];
      if (name !== '') yield { [name]: JSON.parse(data) as unknown };
    }
  }
}

async function next(events: AsyncGenerator<Event>, isWanted: (event: Event) => boolean): Promise<Event> {
  for (;;) {
    const result: IteratorResult<Event, unknown> = await events.next();
    if (result.done) throw new Error('The events have ended');
    if (isWanted(result.value)) return result.value;
  }
}
