import assert from 'node:assert/strict';
import { image } from '../../src';
import { useFolder } from '../support/files/folder';
import { until } from '../support/checks/waiting';
import { useSimulator } from '../support/bot/use-simulator';
import { content, openOrigin } from '../support/platform/origin';
import { arrived, calls } from '../support/platform/received';

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

  it('waits for a message whose address the plugin fetches, and does not break that off', async () => {
    const serveTom = content(Buffer.from('GIF89a'), 'image/gif');
    const origin = platform.closeAfterTest(
      await openOrigin((response, request) => void setTimeout(serveTom, SLOW, response, request)),
    );
    const client = platform.openPlainAdapter({ fetchFrom: [origin.url] });
    const sent = client.send('7001', image(`${origin.url}/tom.gif`));
    await until('it is being fetched', () => origin.requests.length > 0);
    await client.plugin.close();
    assert.deepEqual(
      calls(platform.sim).filter((call) => call !== 'page'),
      ['upload-file', 'send-id'],
    );
    assert.deepEqual(client.errors, []);
    await sent;
  });

  it('waits for assets that are warmed', async () => {
    await folder.write('tom.png', 'tom');
    const client = platform.openPlainAdapter({ root: folder.path });
    platform.sim.addFaults({ delayMs: SLOW, times: Infinity });
    const warmed = client.plugin.warm(['tom.png']);
    await client.plugin.close();
    assert.equal(platform.sim.assets().length, 1);
    await warmed;
  });

  for (const strict of [false, true]) {
    it(`waits for what bot.say has begun, also before it makes a call${strict ? ', in strict mode' : ''}`, async () => {
      await folder.write('tom.png', 'tom');
      const { plugin, ...botkit } = await platform.openBotkit({ root: folder.path, strict });
      const bot = await botkit.bot('7001');
      platform.sim.addFaults({ delayMs: SLOW, times: Infinity });
      const said = bot.say(image('tom.png'));
      await plugin.close();
      assert.equal(arrived(platform.sim, '7001').length, 1);
      await said;
    });
  }
});
