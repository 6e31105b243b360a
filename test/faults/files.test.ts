import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import { AttachmentError, image, type AttachmentErrorCode } from '../../src';
import { FaultyStore } from '../support/stores/faulty-store';
import { useFolder } from '../support/files/folder';
import { openTcpRelay, type TcpRelay } from '../support/platform/tcp-relay';
import { useSimulator } from '../support/bot/use-simulator';
import { arrived } from '../support/platform/received';
import { sha256 } from '../support/checks/sha256';
import type { RunningBotkit } from '../support/bot/botkit';
import { ARRIVES, REPORTED, useMatrix } from './matrix/cell';
import { fileFaults } from './matrix/file-faults';
import { FIRST, RECOVERY, SAVING, TEMPLATE, TEMPLATE_RECOVERY } from './matrix/ways';

/** So much of a call goes out before it is held: its head and a piece of the file. */
const BEGUN = 256 * 1024;

/** What `writeFile` writes at a time. */
const PIECE = 512 * 1024;

const SMALL = Buffer.alloc(10_000, 'old ');

/** Larger than what the network takes in on the way, so that the end of the file is read after the fault. */
const LARGE = Buffer.alloc(12 * 1024 * 1024, 'old ');

describe('A file', () => {
  const { cell } = useMatrix();

  for (const way of [FIRST, SAVING, RECOVERY, TEMPLATE, TEMPLATE_RECOVERY]) {
    for (const { name, happens, leaves } of fileFaults(SMALL)) {
      const isGone = typeof leaves === 'string';
      const then = isGone ? `${leaves} is reported once` : 'it arrives as it is now';
      cell(`that ${name} between its hash and its upload, in ${way.name}: ${then}`, () => ({
        way,
        content: SMALL,
        ...(!isGone && { arriving: leaves }),
        fault: ({ store, folder }) => {
          // The store is asked for its ID in between.
          let happened: Promise<unknown> | undefined;
          store.fail({
            get: async (carryOut) => {
              await (happened ??= happens(folder.at('paw.png')));
              return carryOut();
            },
          });
        },
        outcome: isGone ? REPORTED : ARRIVES,
        check: ({ botkit: botkit }) => {
          if (isGone) assertTold(botkit, leaves);
        },
      }));
    }
  }

  for (const way of [FIRST, SAVING, RECOVERY, TEMPLATE_RECOVERY]) {
    for (const { name, happens, leaves, sparesReaders } of fileFaults(LARGE)) {
      const left = sparesReaders ? LARGE : leaves;
      const isGone = typeof left === 'string';
      const now = sparesReaders ? 'as it was' : 'as it is now';
      const then = isGone ? `${left} is reported once` : `it arrives ${now}`;
      let relay: TcpRelay;
      cell(`that ${name} while it goes up, in ${way.name}: ${then}`, () => ({
        way,
        options: async (tools) => {
          relay = tools.platform.closeAfterTest(await openTcpRelay(tools.platform.sim));
          return { dispatcher: relay.dispatcher };
        },
        content: LARGE,
        ...(!isGone && { arriving: left }),
        fault: ({ folder }) => {
          const { halted, resume } = relay.haltAfter(BEGUN);
          void halted.then(() => happens(folder.at('paw.png'))).finally(resume);
        },
        outcome: isGone ? REPORTED : ARRIVES,
        check: ({ botkit: botkit }) => {
          if (isGone) assertTold(botkit, left);
        },
      }));
    }
  }
});

describe('A file that is written anew', () => {
  const platform = useSimulator();
  const folder = useFolder();

  it('at any time while it is hashed and sent arrives as it was at some moment, and no ID is mistaken', async () => {
    const versions = ['old ', 'new '].map((text) => Buffer.alloc(4 * 1024 * 1024, text));
    const [before, after] = versions as [Buffer, Buffer];
    const store = new FaultyStore();
    const client = platform.openPlainAdapter({ store, root: folder.path });
    for (let ms = 0; ms < 40; ms += 2) {
      const file = await folder.write(`${ms}.png`, before);
      const sending = client.send('7001', image(`${ms}.png`)).catch(assertEmptyThen);
      await wait(ms);
      await folder.write(`${ms}.png`, after);
      await sending;
      // What is in the file now is what the next one gets.
      await client.send('7002', image(file));
    }
    // It is written anew piece by piece.
    const pieces = Array.from({ length: after.length / PIECE }, (_, index) =>
      after.subarray(0, (index + 1) * PIECE),
    );
    const known = [before, ...pieces].map((bytes) => sha256(bytes, 'hex'));
    for (const { attachments } of arrived(platform.sim))
      assert.ok(known.includes(attachments[0]?.sha256 ?? ''));
    for (const { attachments } of arrived(platform.sim, '7002'))
      assert.equal(attachments[0]?.sha256, known.at(-1));
    assert.equal(arrived(platform.sim, '7002').length, 20);
  });
});

/** Between the moment when it is opened for writing and the first write, nothing is in it. */
function assertEmptyThen(error: unknown): void {
  assert.equal((error as AttachmentError).code, 'ERR_ATTACHMENT_EMPTY');
}

function assertTold({ errors }: RunningBotkit, code: AttachmentErrorCode): void {
  const codes = errors.map((error) => (error instanceof AttachmentError ? error.code : error.name));
  assert.ok(codes.includes(code), `reported were: ${codes.join(', ')}`);
}
