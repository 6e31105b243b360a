import assert from 'node:assert/strict';
import { readdir, rm } from 'node:fs/promises';
import { run, temporaryFolder, type Ended } from './support';

const TOUR = ['example-bot/tour.ts'];

describe('the tour', function () {
  this.timeout(120_000);

  it('exits with 0, names every step’s figures, and leaves nothing behind', async () => {
    const temporary = await temporaryFolder();
    const { code, stdout, stderr } = await run(TOUR, { TMPDIR: temporary });
    assert.equal(code, 0, stdout + stderr);
    assert.equal(stderr, '');
    assert.match(stdout, /\nAll (\d+) promised messages arrived exactly once, and no other\.\n/);
    assert.doesNotMatch(stdout, /complained/);
    assert.ok(!stdout.includes('\u001B'), 'no escape sequences');
    assert.ok(Math.max(...stdout.split('\n').map((line) => line.length)) <= 80, 'fits a narrow terminal');

    const steps = figuresOf(stdout);
    const total = steps.pop();
    assert.ok(steps.length >= 6);
    const column = (at: number): number[] => steps.map((cells) => Number(cells[at]));
    const [messages, calls, refused, uploads] = [column(0), column(1), column(2), column(3)];
    assert.equal(messages[0], 100);
    assert.deepEqual(
      [uploads[0], uploads.at(-1)],
      [1, 0],
      'one upload for a hundred, none after the restart',
    );
    assert.ok(
      refused.some((count) => count > 0),
      'the dead IDs were refused',
    );
    assert.deepEqual(total?.slice(0, 4).map(Number), [messages, calls, refused, uploads].map(sum));
    const left = await readdir(temporary);
    assert.deepEqual(
      left.filter((name) => name.startsWith('botkit-tour-')),
      [],
    );
    await rm(temporary, { recursive: true });
  });

  it('notices a lost message: exits with 1 and says whose', async () => {
    assertOneFault(
      await run([...TOUR, '--spoil', 'lose']),
      /page \d+, user \d+: the image cats\/tom\.jpg is missing/,
    );
  });

  it('notices a message that came twice: exits with 1 and says whose', async () => {
    assertOneFault(
      await run([...TOUR, '--spoil', 'double']),
      /page \d+, user \d+: the image tom\.jpg .* came once too often/,
    );
  });

  it('knows what can be spoilt', async () => {
    const { code, stderr } = await run([...TOUR, '--spoil', 'everything']);
    assert.equal(code, 1);
    assert.match(stderr, /Expected --spoil to be one of lose, double, got "everything"/);
  });
});

/** The rows of figures, whose last two are sizes; the last row is the total. */
function figuresOf(stdout: string): string[][] {
  return Array.from(stdout.matchAll(/^ +(\d+) +(\d+) +(\d+) +(\d+) +.* k?M?B$/gm), (match) =>
    match.slice(1, 5),
  );
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function assertOneFault({ code, stdout }: Ended, fault: RegExp): void {
  assert.equal(code, 1, stdout);
  assert.match(stdout, /\nIt did NOT go as it should\./);
  assert.equal(stdout.match(/^ {2}page \d+, user \d+: .*$/gm)?.length, 1, stdout);
  assert.match(stdout, fault);
}
