import { startSimulator } from 'messenger-platform-simulator';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startBot } from '../bot.cjs';

const PAGE = { id: '1001', token: 'a-token' };

describe('The bot', () => {
  let simulator, bot;
  beforeAll(async () => {
    simulator = await startSimulator({ pages: [PAGE] });
    bot = await startBot({ graph: simulator.httpUrl, token: PAGE.token });
    simulator.setWebhook(bot.url);
  });
  beforeEach(() => simulator.reset());
  afterAll(async () => {
    bot.close();
    await simulator.close();
  });

  it('offers kittens and cats, and sends the one that is chosen', async () => {
    const person = simulator.person('1');
    const [question] = await person.says('Hello');
    expect(question.quick_replies.map(({ title }) => title)).toEqual(['Kitten', 'Cat']);
    const [text, picture] = await person.tapsQuickReply('Kitten', { atLeast: 2 });
    expect(text.text).toEqual('Here is a kitten');
    expect(picture.attachments[0].name).toEqual('Kitten.png');
  });

  it('starts anew after a reset', async () => {
    expect(simulator.person('1').thread().messages).toEqual([]);
    expect(simulator.calls()).toEqual([]);
  });
});
