const { startSimulator } = require('messenger-platform-simulator');
const { startBot } = require('../bot.cjs');

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

  it('likes what it is sent', async () => {
    const photo = { name: 'tom.png', bytes: Buffer.from('a picture') };
    const [answer] = await simulator.person('1').sendsImage(photo);
    expect(answer.text).toEqual('What a nice image!');
  });

  it('makes the test fail if it does not answer', async () => {
    simulator.addFaults({ path: '/messages', error: { code: 613 } });
    const person = simulator.person('1');
    await expect(person.says('Hello', { timeout: 500 })).rejects.toThrow('error 613');
  });

  // In Jest, errors of Node itself are no instances of Error.
  it('is told why nobody is there', async () => {
    const gone = await startBot({ graph: simulator.httpUrl, token: PAGE.token });
    await gone.close();
    simulator.setWebhook(gone.url);
    await expect(simulator.person('1').says('Hello')).rejects.toThrow('ECONNREFUSED');
    simulator.setWebhook(bot.url);
  });
});
