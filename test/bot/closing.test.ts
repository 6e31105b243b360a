import assert from 'node:assert/strict';
import { image } from '../../src';
import { useFolder } from '../support/files/folder';
import { useSimulator } from '../support/bot/use-simulator';
import { arrived } from '../support/platform/received';

/** Milliseconds that the platform takes for each call. */
const SLOW = 300;

describe('close()', () => {
  const platform = useSimulator();
  const folder = useFolder();

  it('waits for messages of which no call has begun yet', async () => {
    await folder.write('tom.png', 'tom');
    const client = platform.openPlainAdapter({ root: folder.path });
    platform.sim.addFaults({ delayMs: SLOW, times: Infinity });
    const people = Array.from({ length: 40 }, (_, index) => String(7001 + index));
    const sends = people.map((person) => client.send(person, image('tom.png')));
    await new Promise(setImmediate);
    await client.plugin.close();
    assert.equal(people.flatMap((person) => arrived(platform.sim, person)).length, 40);
    await Promise.all(sends);
  });

  it('waits for the attachment of a message whose text has been sent', async () => {
    await folder.write('tom.png', 'tom');
    const client = platform.openPlainAdapter({ root: folder.path });
    platform.sim.addFaults({ delayMs: SLOW, times: Infinity });
    const sent = client.send('7001', { ...image('tom.png'), text: 'Tom' });
    await new Promise(setImmediate);
    await client.plugin.close();
    assert.deepEqual(
      arrived(platform.sim).map(({ text, attachments }) => [text, attachments.length]),
      [
        ['Tom', 0],
        [undefined, 1],
      ],
    );
    await sent;
  });
});
