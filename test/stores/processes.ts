import assert from 'node:assert/strict';
import path from 'node:path';
import { runCommand } from '../support/processes/command';
import { countUploads } from '../support/platform/received';
import type { OtherBot } from './other-bot';
import { PICTURES, type StoreFixture } from './use-store';
import { TYPESCRIPT } from '../support/processes/typescript';

const ROOT = path.join(__dirname, '../..');

const USERS = ['7001', '7002', '7003'];

export function promisesOnProcesses(fixture: StoreFixture): void {
  const runOther = async (user: string): Promise<void> => {
    const { sim, place, page, root, env } = fixture;
    const other: OtherBot = { place, host: sim.host, page, user, pictures: PICTURES, root };
    const program = path.join(__dirname, 'other-bot.ts');
    await runCommand(process.execPath, [...TYPESCRIPT, program, JSON.stringify(other)], {
      cwd: ROOT,
      env,
      timeout: 90_000,
    });
  };

  it('is shared by processes: at most one upload an asset and process, and none once it is there', async () => {
    await Promise.all(USERS.map(runOther));
    const uploads = countUploads(fixture.sim);
    assert.ok(uploads >= PICTURES.length && uploads <= PICTURES.length * USERS.length, `${uploads} uploads`);
    await runOther('7004');
    assert.equal(countUploads(fixture.sim), uploads);
    for (const user of [...USERS, '7004']) assert.equal(fixture.arrivals(user), PICTURES.length);
  });

  it('is shared by processes: another uploads nothing that one has warmed', async () => {
    const bot = fixture.openBot();
    const { uploaded, failed } = await bot.plugin.warm(PICTURES);
    assert.deepEqual({ uploaded, failed }, { uploaded: PICTURES.length, failed: 0 });
    await fixture.close(bot);
    await runOther('7001');
    assert.equal(countUploads(fixture.sim), PICTURES.length);
    assert.equal(fixture.arrivals('7001'), PICTURES.length);
  });
}
