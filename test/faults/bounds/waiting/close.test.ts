import { assertAtMost, show, useBounds } from '../fixture';

/** Milliseconds that `close` waits at most. */
const CLOSE_WAIT = 20_000;
const GRACE = 5_000;

// In a file of its own, so that it waits while others run.
describe('close(), on default options', function () {
  this.timeout(120_000);
  const bounds = useBounds();

  it('waits for 20 s at most for sends and uploads that the platform never answers', async () => {
    const bot = await bounds.start();
    const source = await bounds.write('paw.png', 10_000);
    await bot.send([{ first: 1, source }], GRACE);
    await bounds.platform.follow({ call: 'send', hang: 'answer' }, { call: 'upload', hang: 'answer' });
    const other = await bounds.write('other.png', 10_000);
    await bot.send(
      [
        { first: 10_001, people: 3, source },
        { first: 20_001, source: other },
      ],
      1_000,
    );
    const ms = await bot.close();
    show('close', { ms });
    assertAtMost('ms', ms, CLOSE_WAIT + GRACE);
  });
});
