import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { execPath } from 'node:process';
import { runCommand } from '../support/processes/command';
import { sha256 } from '../support/checks/sha256';
import { ASSETS } from '../support/files/assets';
import { useFolder } from '../support/files/folder';
import { userOf, type BroadcasterOrders, type BroadcasterReport } from './broadcaster';
import { REDIS } from './kinds';
import { useStore } from './use-store';
import { TYPESCRIPT } from '../support/processes/typescript';

const PROCESSES = 4;
const PEOPLE = Number(process.env.PEOPLE ?? 10_000);

/** How many of the ten each gets: all of them take a few minutes. */
const EACH = Number(process.env.EACH ?? 1);

const PICTURES = Array.from({ length: 10 }, (_, index) => `${index}.png`);

const TIMEOUT = 900_000;

describe(`Four processes on one Redis, and ${PEOPLE} people`, function () {
  this.timeout(TIMEOUT);
  const fixture = useStore(REDIS);
  const folder = useFolder();
  const digests: string[] = [];

  beforeEach(async () => {
    const content = await readFile(path.join(ASSETS, 'paw.png'));
    digests.length = 0;
    for (const [index, name] of PICTURES.entries()) {
      const picture = Buffer.concat([content, Buffer.from(`${index}`)]);
      await folder.write(name, picture);
      digests.push(sha256(picture, 'hex'));
    }
  });

  async function broadcast(): Promise<BroadcasterReport[]> {
    const { place, page, sim, env } = fixture;
    const run = async (process: number): Promise<BroadcasterReport> => {
      const orders: BroadcasterOrders = {
        redis: place.at,
        host: sim.host,
        page,
        root: folder.path,
        pictures: PICTURES,
        each: EACH,
        from: Math.round((PEOPLE * process) / PROCESSES),
        to: Math.round((PEOPLE * (process + 1)) / PROCESSES),
      };
      const program = path.join(__dirname, 'broadcaster.ts');
      const { stdout } = await runCommand(execPath, [...TYPESCRIPT, program, JSON.stringify(orders)], {
        cwd: path.join(__dirname, '../..'),
        env,
        timeout: TIMEOUT,
      });
      return JSON.parse(stdout) as BroadcasterReport;
    };
    const reports = await Promise.all(Array.from({ length: PROCESSES }, (_, process) => run(process)));
    printReports(reports);
    return reports;
  }

  function assertEachArrivedOnce(): void {
    for (let person = 0; person < PEOPLE; person++) {
      const { messages } = fixture.sim.thread(fixture.page.id, userOf(person));
      const expected = Array.from({ length: EACH }, (_, n) => digests[(person + n) % digests.length]);
      assert.deepEqual(
        messages.map(({ attachments }) => attachments[0]?.sha256),
        expected,
      );
    }
  }

  it('each picture arrives once; it goes up once a process at most; the store is asked a few times for each, however many messages there are', async () => {
    const reports = await broadcast();
    assertEachArrivedOnce();
    for (const { uploads, readCalls, storeWrites, errors } of reports) {
      assert.deepEqual(errors, []);
      assert.ok(uploads <= PICTURES.length, `${uploads} uploads`);
      // For a message, when it is this process's turn, and while another one uploads.
      assert.ok(readCalls <= 3 * PICTURES.length, `${readCalls} calls`);
      assert.equal(storeWrites, uploads);
    }
  });

  it('after a warm-up each picture arrives once, and none goes up again', async () => {
    const bot = fixture.openBot({ root: folder.path });
    const { uploaded } = await bot.plugin.warm(PICTURES);
    assert.equal(uploaded, PICTURES.length);
    await fixture.close(bot);
    const reports = await broadcast();
    assertEachArrivedOnce();
    for (const { uploads, storeReads, storeWrites, errors } of reports) {
      assert.deepEqual(errors, []);
      assert.deepEqual([uploads, storeReads, storeWrites], [0, PICTURES.length, 0]);
    }
    assert.equal(fixture.sim.totals().byPurpose['upload-file'], PICTURES.length);
  });
});

function printReports(reports: readonly BroadcasterReport[]): void {
  const sum = (
    name: 'sends' | 'uploads' | 'cpuSeconds' | 'storeReads' | 'readCalls' | 'storeWrites',
  ): number => reports.reduce((total, report) => total + report[name], 0);
  const sends = sum('sends');
  const seconds = Math.max(...reports.map((report) => report.seconds));
  const each = (1000 * sum('cpuSeconds')) / sends;
  console.log(
    `      ${sends} sends in ${seconds.toFixed(1)} s, ${each.toFixed(2)} ms of computing each; ` +
      `${sum('uploads')} uploads, ${sum('storeReads')} reads in ${sum('readCalls')} calls and ${sum('storeWrites')} writes of the store`,
  );
}
