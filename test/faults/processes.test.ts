import assert from 'node:assert/strict';
import path from 'node:path';
import KeyvFile from 'keyv-file';
import type { Simulator } from 'messenger-platform-simulator';
import { image } from '../../src';
import { startChild, type Child } from '../support/processes/child-process';
import { openPlainAdapter } from '../support/bot/plain-adapter';
import { useFolder } from '../support/files/folder';
import { openTcpRelay } from '../support/platform/tcp-relay';
import { countUploads, arrived } from '../support/platform/received';
import { inTime, until } from '../support/checks/waiting';
import { useSimulator } from '../support/bot/use-simulator';
import { PAGE } from '../support/platform/pages';
import type { Orders } from './processes/bot';

const BOT = path.join(__dirname, 'processes/bot.ts');
const FORGET = path.join(__dirname, 'processes/forget.ts');

/** To start, send and end, on a machine that has other things to do. */
const TIMEOUT = 60_000;

const DAY = 24 * 60 * 60 * 1000;

describe('A bot in a process of its own', function () {
  this.timeout(4 * TIMEOUT);
  const platform = useSimulator();
  const folder = useFolder();
  const children: Child[] = [];

  beforeEach(async () => {
    await folder.write('ca.pem', platform.sim.ca);
    await folder.write('root/large.png', Buffer.alloc(12 * 1024 * 1024, 'large'));
  });
  afterEach(async () => {
    for (const child of children.splice(0)) {
      child.kill();
      await child.ended;
    }
  });

  const start = (orders: Partial<Orders>, env: NodeJS.ProcessEnv = {}): Child => {
    const child = startChild(
      BOT,
      {
        host: platform.sim.host,
        page: PAGE,
        root: folder.at('root'),
        store: folder.at('store'),
        picture: 'large.png',
        users: ['7001'],
        ...orders,
      },
      { ca: folder.at('ca.pem'), env },
    );
    children.push(child);
    return child;
  };

  const end = async (child: Child): Promise<void> => {
    const code = await inTime('the end of the process', child.ended, TIMEOUT);
    assert.equal(code, 0, child.stderrLines.join('\n'));
    assert.deepEqual(child.stderrLines, []);
  };

  const arrivals = (user = '7001'): number => arrived(platform.sim, user).length;

  it('that is killed between an upload and its store repeats that one upload, and loses nothing', async () => {
    const first = start({});
    await onceUploaded(platform.sim, () => {
      first.kill();
    });
    await first.ended;
    assert.equal(arrivals(), 0);
    await end(start({}));
    assert.equal(arrivals(), 1);
    assert.equal(countUploads(platform.sim), 2);
    await end(start({}));
    assert.equal(countUploads(platform.sim), 2, 'now the ID is in the store');
  });

  it('that is killed in an upload sends it again, and loses nothing', async () => {
    const relay = platform.closeAfterTest(await openTcpRelay(platform.sim));
    const { halted } = relay.haltAfter(1024 * 1024);
    const first = start({ host: relay.host });
    await inTime('an upload that has begun', halted, TIMEOUT);
    first.kill();
    await first.ended;
    await end(start({}));
    assert.equal(arrivals(), 1);
    assert.equal(platform.sim.assets().length, 1);
  });

  it('that is killed in a broadcast goes on where it was: all get it, nobody who had it gets it again', async () => {
    const users = Array.from({ length: 200 }, (_, at) => String(20_000 + at));
    const atATime = 5;
    const first = start({ users, atATime });
    await until('half of the broadcast', () => first.lines.length >= users.length / 2, TIMEOUT);
    first.kill();
    await first.ended;
    const served = first.lines.map((line) => line.replace('sent ', ''));
    const left = users.filter((user) => !served.includes(user));
    assert.ok(left.length > 0, 'it was killed before its end');
    await end(start({ users: left, atATime }));
    assert.deepEqual(
      users.filter((user) => arrivals(user) === 0),
      [],
      'who got nothing',
    );
    assert.deepEqual(
      served.filter((user) => arrivals(user) > 1),
      [],
      'who had it and got it again',
    );
    // What was on its way when it was killed, nobody can know of.
    assert.ok(left.filter((user) => arrivals(user) > 1).length <= atATime);
    assert.equal(countUploads(platform.sim), 1, 'the ID was in the store');
  });

  for (const atTheEnd of ['close', 'shutdown'] as const) {
    it(`that ends with ${atTheEnd}() ends its refresh before, and leaves nothing open`, async () => {
      const old = await storedId();
      platform.sim.addFaults({ path: '/message_attachments$', delayMs: 1_000 });
      const child = start({ refreshAhead: 89 * DAY, atTheEnd });
      await end(child);
      assert.equal(arrived(platform.sim)[0]?.attachments[0]?.attachmentId, old, 'it was not waited for');
      assert.equal(await storedId(), platform.sim.assets().at(-1)?.id, 'the new ID is in the store');
      assert.equal(child.lines.at(-1), 'open: nothing');
    });
  }

  it('does not end while messages wait for a new ID whose upload is tried again', async () => {
    await storedId();
    platform.sim.revokeAll();
    platform.sim.addFaults(
      // All have got the dead ID before the first of them learns that it is dead.
      { purpose: 'send-id', delayMs: 500, times: 5 },
      // Meanwhile there is nothing else to do: the connections do not keep a process alive.
      {
        path: '/message_attachments$',
        error: { code: 2 },
        headers: { 'Retry-After': '3', Connection: 'close' },
      },
    );
    const users = ['7001', '7002', '7003', '7004', '7005'];
    await end(start({ users, atATime: users.length }));
    assert.deepEqual(
      users.map((user) => arrivals(user)),
      users.map(() => 1),
    );
  });

  it('shows neither token nor secret with NODE_DEBUG=undici', async () => {
    await storedId();
    platform.sim.revokeAll();
    const child = start({ users: ['7001', '7002'] }, { NODE_DEBUG: 'undici,fetch' });
    assert.equal(await inTime('the end of the process', child.ended, TIMEOUT), 0);
    const printed = [...child.stderrLines, ...child.lines].join('\n');
    // By ID, in one step, the upload of a new ID.
    for (const call of ['/me/messages', '/me/message_attachments'])
      assert.ok(printed.includes(call), printed);
    for (const secret of [PAGE.token, PAGE.secret ?? '']) assert.ok(!printed.includes(secret), printed);
  });

  it('that forgets close() ends all the same, and so does one whose refresh is not over', async () => {
    await end(start({}));
    assert.equal(arrivals(), 1);
    platform.sim.addFaults({
      path: '/message_attachments$',
      error: { code: 613 },
      headers: { 'Retry-After': '29' },
      times: Infinity,
    });
    const begun = performance.now();
    await end(start({ refreshAhead: 89 * DAY }));
    assert.equal(arrivals(), 2);
    assert.ok(performance.now() - begun < 29_000, 'it does not wait for the next try');
  });

  it('that forgets an ID in a store which hangs does not end before it is told so', async () => {
    const child = startChild(FORGET, {}, { ca: folder.at('ca.pem') });
    children.push(child);
    await end(child);
    assert.deepEqual(child.lines, [
      'StoreError: The attachment ID was not deleted from the store (no answer within 500 ms). The store may still return it, so delete it again.',
    ]);
  });

  /** Sends as another process does that shares the store; resolves with the ID that it used. */
  const storedId = async (): Promise<string | undefined> => {
    const store = new KeyvFile({ filename: folder.at('store'), separatedFile: true });
    const client = openPlainAdapter(platform.sim, { root: folder.at('root'), store });
    await client.send('7000', image('large.png'));
    await client.close();
    return arrived(platform.sim, '7000').at(-1)?.attachments[0]?.attachmentId;
  };
});

async function onceUploaded(sim: Simulator, stop: () => void): Promise<void> {
  await inTime(
    'an upload',
    new Promise<void>((resolve) => {
      sim.events.once('asset', () => {
        // Before the platform answers.
        stop();
        resolve();
      });
    }),
    TIMEOUT,
  );
}
