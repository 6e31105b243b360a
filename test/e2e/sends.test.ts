import assert from 'node:assert/strict';
import { FormData, request } from 'undici';
import { readAsset } from '../support/files/assets';
import { CATS, openUi, type UiFixture, type View } from './ui-fixture';

describe('A send that failed, in the chat on the simulator’s page,', () => {
  let fixture: UiFixture;
  let view: View;
  before(async () => {
    fixture = await openUi();
  });
  after(() => fixture.close());
  beforeEach(async () => {
    fixture.simulator.reset();
    view = await fixture.open(`?page=${CATS}&user=1`);
  });
  afterEach(async () => {
    assert.deepEqual(view.problems, [], 'the browser complained');
    await view.close();
  });

  for (const width of [1280, 375]) {
    it(`does not make the page higher than its window, at ${width} px`, async () => {
      await view.page.setViewportSize({ width, height: 800 });
      fixture.simulator.openWindow({ page: CATS });
      for (let n = 0; n < 60; n++) await graph({ message: { text: `Message ${n}` } });
      await refuse();
      await view.log.getByRole('link', { name: /^The bot could not send a message/ }).waitFor();
      for (let user = 100; user < 130; user++) {
        await graph({ recipient: { id: String(user) }, message: { text: 'Hello' } });
      }
      await view.page.locator('.unread').nth(29).waitFor({ state: 'attached' });
      const [height, windowHeight] = await view.page.evaluate<[number, number]>(
        '[document.documentElement.scrollHeight, innerHeight]',
      );
      assert.ok(height <= windowHeight, `${height} px in ${windowHeight} px`);
    });
  }

  it('stays at the top when it came before the first message', async () => {
    const line = view.log.getByRole('link', { name: /^The bot could not send a message: 551/ });
    await refuse();
    await line.waitFor();
    await graph({ message: { text: 'Good morning' } });
    await view.fromBot().getByText('Good morning').waitFor();
    assert.equal(await line.count(), 1);
    const [lineAt, messageAt] = [await line.boundingBox(), await view.fromBot().boundingBox()];
    assert.ok((lineAt?.y ?? Infinity) < (messageAt?.y ?? 0), 'it is not above the first message');
    await view.page.reload();
    await view.fromBot().waitFor();
    await line.waitFor();
  });

  it('is not shown above messages that came later than it and than others that are not shown', async () => {
    await refuse();
    for (let n = 0; n < 205; n++) await graph({ message: { text: `Message ${n}` } });
    await view.page.reload();
    await view.log.getByText('5 earlier messages not shown').waitFor();
    assert.equal(await view.log.getByText('could not send').count(), 0);
  });

  it('is not said to have been sent again if another picture was sent after an unknown ID', async () => {
    await graph({ message: { text: 'A picture' } });
    const payload = { attachment_id: '4711' };
    await graph({ message: { attachment: { type: 'image', payload } } }, 400);
    const form = new FormData();
    const attachment = { type: 'image', payload: {} };
    for (const [name, value] of Object.entries({
      ...fixture.credentials,
      recipient: JSON.stringify({ id: '1' }),
      message: JSON.stringify({ attachment }),
    })) {
      form.set(name, value);
    }
    form.set('filedata', new File([readAsset('paw.png')], 'paw.png', { type: 'image/png' }));
    const { statusCode } = await request(`${fixture.simulator.httpUrl}/v25.0/me/messages`, {
      method: 'POST',
      body: form,
    });
    assert.equal(statusCode, 200);
    await view.log.getByRole('img', { name: 'paw.png' }).waitFor();
    await view.log
      .getByRole('link', { name: /^The bot could not send attachment 4711: 100\/2018074/ })
      .waitFor();
    assert.equal(await view.log.getByText('sent again').count(), 0);
  });

  it('is a refused call if nothing says what it was to send', async () => {
    const refused = await request(`${fixture.simulator.httpUrl}/v25.0/me/messages?access_token=wrong`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: JSON.stringify({ recipient: { id: '1' }, sender_action: 'typing_on' }),
    });
    assert.equal(refused.statusCode, 400, await refused.body.text());
    await view.log.getByRole('link', { name: /^The call was refused: error 190: / }).waitFor();
    assert.equal(await view.log.getByText('before it was read').count(), 0);
  });

  async function refuse(): Promise<void> {
    fixture.simulator.addFaults({ purpose: 'send-text', error: { code: 551, subcode: 1545041 } });
    await graph({ message: { text: 'Refused' } }, 400);
  }

  /** As the bot's page. */
  async function graph(call: object, expected = 200): Promise<void> {
    const { statusCode, body } = await request(`${fixture.simulator.httpUrl}/v25.0/me/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...fixture.credentials, recipient: { id: '1' }, ...call }),
    });
    assert.equal(statusCode, expected, await body.text());
  }
});
