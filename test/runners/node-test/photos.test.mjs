import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { startSimulator } from 'messenger-platform-simulator';
import { startBot } from '../bot.cjs';

const PAGE = { id: '1001', token: 'a-token' };

describe('The bot', () => {
  let simulator, bot;
  before(async () => {
    simulator = await startSimulator({ pages: [PAGE] });
    bot = await startBot({ graph: simulator.httpUrl, token: PAGE.token });
    simulator.setWebhook(bot.url);
  });
  beforeEach(() => simulator.reset());
  after(async () => {
    bot.close();
    await simulator.close();
  });

  it('likes what it is sent', async () => {
    const photo = { name: 'tom.png', bytes: Buffer.from('a picture') };
    const [answer] = await simulator.person('1').sendsImage(photo);
    assert.deepEqual(answer.text, 'What a nice image!');
  });

  it('makes the test fail if it does not answer', async () => {
    simulator.addFaults({ path: '/messages', error: { code: 613 } });
    const person = simulator.person('1');
    await assert.rejects(person.says('Hello', { timeout: 500 }), { code: 'no_reply', message: /error 613/ });
  });
});
