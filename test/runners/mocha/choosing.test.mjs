import assert from 'node:assert/strict';
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

  it('offers kittens and cats, and sends the one that is chosen', async () => {
    const person = simulator.person('1');
    const [question] = await person.says('Hello');
    assert.deepEqual(
      question.quick_replies.map(({ title }) => title),
      ['Kitten', 'Cat'],
    );
    const [text, picture] = await person.tapsQuickReply('Kitten', { atLeast: 2 });
    assert.deepEqual(text.text, 'Here is a kitten');
    assert.deepEqual(picture.attachments[0].name, 'Kitten.png');
  });

  it('starts anew after a reset', async () => {
    assert.deepEqual(simulator.person('1').thread().messages, []);
    assert.deepEqual(simulator.calls(), []);
  });
});
