import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import axe, { type AxeResults } from 'axe-core';
import { request } from 'undici';
import { readAsset } from '../support/files/assets';
import { until } from '../support/checks/waiting';
import { listen } from '../support/platform/listen';
import { CATS, openUi, type UiFixture, type View } from './ui-fixture';

/** A picture in the browser's hands. */
const DRAGGED = `(() => {
  const carried = new DataTransfer();
  const bytes = Uint8Array.from(atob('${readAsset('paw.png').toString('base64')}'), (c) => c.charCodeAt(0));
  carried.items.add(new File([bytes], 'my cat.png', { type: 'image/png' }));
  return carried;
})()`;

describe('A person on the simulator’s page', function () {
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

  const thread = () => fixture.simulator.thread(CATS, '1');
  const written = () => thread().messages.filter(({ from }) => from === 'user');
  const button = (name: string) => view.page.getByRole('button', { name, exact: true });
  const openMore = () => button('More to send').click();

  it('sends files that are picked, dropped and pasted', async () => {
    await openMore();
    const file = { name: 'menu.pdf', mimeType: 'application/pdf', buffer: Buffer.from('a menu') };
    await view.page.getByLabel('Files').setInputFiles([file]);
    await view.log.getByRole('link', { name: 'menu.pdf' }).waitFor();
    assert.equal(await view.page.getByRole('group', { name: 'More to send' }).count(), 0);
    assert.equal(await view.page.evaluate('document.activeElement.ariaLabel'), 'More to send');

    const dataTransfer = await view.page.evaluateHandle(DRAGGED);
    const chat = view.page.getByRole('region', { name: /^Chat of/ });
    await chat.dispatchEvent('dragover', { dataTransfer });
    await view.page.locator('.chat.is-drop-target').waitFor();
    await chat.dispatchEvent('drop', { dataTransfer });
    await view.log.getByRole('img', { name: 'my cat.png' }).waitFor();

    const paste = `new ClipboardEvent('paste', { clipboardData: ${DRAGGED}, bubbles: true, cancelable: true })`;
    await view.page.evaluate(`document.getElementById('composer').dispatchEvent(${paste})`);
    await view.log.getByRole('img', { name: 'my cat.png' }).nth(1).waitFor();
    const sent = written().map(({ attachments: [attachment] }) => [attachment?.type, attachment?.name]);
    assert.deepEqual(sent, [
      ['file', 'menu.pdf'],
      ['image', 'my cat.png'],
      ['image', 'my cat.png'],
    ]);
    assert.equal(await view.page.locator('.is-drop-target').count(), 0);
  });

  it('sends stickers and a place', async () => {
    await openMore();
    await button('Sticker 369239263222822').click();
    await view.log.getByRole('img', { name: 'Sticker 369239263222822' }).waitFor();
    await button('Location').click();
    await view.log.getByText('Location: Eiffel Tower').waitFor();
    assert.deepEqual(written()[1]?.location, { lat: 48.8584, long: 2.2945, title: 'Eiffel Tower' });
  });

  it('reacts to a message and takes it back, replies to it, and unsends an own one', async () => {
    await view.write('logo');
    const [own, answer] = [view.log.locator('.from-user').first(), view.fromBot().first()];
    const choose = async (message: typeof own, choice: string) => {
      await message.hover();
      await message.getByLabel('React, reply and more').click();
      await message.getByRole('button', { name: choice, exact: true }).click();
    };
    await choose(answer, 'Love');
    await answer.getByText('You reacted: ❤️').waitFor();
    await choose(answer, 'Love');
    await answer.getByText('You reacted').waitFor({ state: 'detached' });
    await choose(answer, 'Reply');
    await view.page.getByText('Replying to: Picture: paw.png').waitFor();
    await view.page.keyboard.type('Nice');
    await view.page.keyboard.press('Enter');
    await view.log.getByText('Replies to: Picture: paw.png').waitFor();
    assert.equal(await view.page.getByText('Replying to').count(), 0);
    assert.equal(written()[1]?.reply_to, thread().messages[1]?.mid);
    await choose(own, 'Unsend');
    await own.getByText('Unsent').waitFor();
    assert.deepEqual(
      thread().events.map(({ type }) => type),
      ['react', 'unreact', 'unsend'],
    );
  });

  it('taps what the bot has set up, as soon as it has', async () => {
    const payloads = () => written().map(({ payload }) => payload);
    await setProfile({ get_started: { payload: 'START' } });
    await button('Get Started').click();
    await until('it was tapped', () => payloads().includes('START'));
    const actions = [
      { type: 'postback', title: 'Help me', payload: 'HELP' },
      { type: 'web_url', title: 'Shop', url: 'https://example.com' },
    ];
    await setProfile({ persistent_menu: [{ locale: 'default', call_to_actions: actions }] });
    await openMore();
    await button('Help me').click();
    await until('it was tapped', () => payloads().includes('HELP'));
    assert.equal(await button('Shop').count(), 0);
    const questions = [{ question: 'Open today?', payload: 'HOURS' }];
    await setProfile({ ice_breakers: [{ locale: 'default', call_to_actions: questions }] });
    await button('Open today?').click();
    await until('it was tapped', () => payloads().includes('HOURS'));
  });

  it('comes by a link, opts in, reads, and links an account', async () => {
    await openMore();
    await view.page.getByRole('textbox', { name: 'ref of the m.me link' }).fill('summer');
    await view.page.getByRole('textbox', { name: 'ref of the opt-in' }).fill('footer');
    await view.page.getByRole('textbox', { name: 'Authorization code' }).fill('a-code');
    for (const name of ['m.me link', 'Opt-in', 'Read all', 'Link account', 'Unlink account']) {
      const before = thread().events.length;
      await button(name).click();
      await until(name, () => thread().events.length > before);
    }
    const [referral, ...others] = thread().events;
    assert.equal(referral?.type === 'referral' && referral.ref, 'summer');
    assert.deepEqual(
      others.find(({ type }) => type === 'link_account'),
      { ...others[2], authorizationCode: 'a-code' },
    );
    assert.deepEqual(
      others.map(({ type }) => type),
      ['optin', 'read', 'link_account', 'unlink_account'],
    );
  });

  it('is told what is missing where a link, an opt-in or a login needs a text', async () => {
    await openMore();
    for (const [name, missing] of [
      ['m.me link', 'ref of the m.me link'],
      ['Opt-in', 'ref of the opt-in'],
      ['Link account', 'authorization code'],
    ] as const) {
      const field = view.page.getByRole('textbox', { name: missing });
      assert.equal(await field.inputValue(), '');
      await button(name).click();
      const problem = view.page.getByRole('alert').getByText(`Enter the ${missing}.`);
      await problem.waitFor();
      assert.equal(await view.page.evaluate('document.activeElement.ariaLabel'), missing);
      await field.fill('x');
      await problem.waitFor({ state: 'detached' });
      await field.press('Enter');
      await until(name, () => thread().events.length > 0);
      fixture.simulator.reset();
    }
    assert.deepEqual(written(), []);
  });

  it('logs in on the bot’s own page, and out', async () => {
    const shop = createServer((req, res) => {
      const query = new URL(req.url ?? '', 'http://shop').searchParams;
      const back = `${query.get('redirect_uri') ?? ''}&authorization_code=code-of-ada`;
      res
        .setHeader('content-type', 'text/html')
        .end(`<a href="${back.replaceAll('&', '&amp;')}">I am Ada</a>`);
    });
    const { port, close } = await listen(shop);
    try {
      const url = `http://localhost:${port}/login`;
      const buttons = [{ type: 'account_link', url }, { type: 'account_unlink' }];
      const attachment = { type: 'template', payload: { template_type: 'button', text: 'Welcome', buttons } };
      await graph('messages', { recipient: { id: '1' }, message: { attachment } });
      const opened = view.page.context().waitForEvent('page');
      await view.log.getByRole('link', { name: 'Log In' }).click();
      const login = await opened;
      await login.getByText('I am Ada').click();
      await login.getByText('The account is linked').waitFor();
      await button('Log Out').click();
      await until('it is unlinked', () => thread().events.length === 2);
      assert.deepEqual(
        thread().events.map((event) =>
          event.type === 'link_account' ? event.authorizationCode : event.type,
        ),
        ['code-of-ada', 'unlink_account'],
      );
    } finally {
      await close();
    }
  });

  it('closes what more there is to send with Escape, and when another person is chosen', async () => {
    const more = view.page.getByRole('group', { name: 'More to send' });
    await openMore();
    await more.waitFor();
    await button('Location').focus();
    await view.page.keyboard.press('Escape');
    await more.waitFor({ state: 'detached' });
    assert.equal(await view.page.evaluate('document.activeElement.ariaLabel'), 'More to send');
    await openMore();
    await more.waitFor();
    await view.page.getByRole('navigation', { name: 'People' }).getByRole('button').click();
    await more.waitFor({ state: 'detached' });
  });

  it('is passed on by the bot, and back by whoever has the thread', async () => {
    const { httpUrl } = fixture.simulator;
    const { statusCode } = await request(`${httpUrl}/me/pass_thread_control`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        ...fixture.credentials,
        recipient: { id: '1' },
        target_app_id: '263902037430900',
      }),
    });
    assert.equal(statusCode, 200);
    await view.page.getByText('The bot has passed this thread to app 263902037430900.').waitFor();
    await button('Pass it back').click();
    await view.page.getByText('The bot has passed').waitFor({ state: 'detached' });
    assert.equal(thread().owner, undefined);
  });

  it('saves the transcript of the chat', async () => {
    await view.write('logo');
    await openMore();
    const download = view.page.waitForEvent('download');
    await view.page.getByRole('link', { name: 'Save transcript' }).click();
    assert.equal((await download).suggestedFilename(), 'transcript-1.json');
  });

  it('gives axe nothing to complain about, wide and narrow, in light and dark', async () => {
    await view.write('logo');
    for (const [width, colorScheme] of [
      [1440, 'light'],
      [320, 'dark'],
    ] as const) {
      const viewport = { width, height: 700 };
      const options = { viewport, colorScheme, reducedMotion: 'reduce' } as const;
      const other = await fixture.open(`?page=${CATS}&user=1`, options);
      await other.page.getByRole('button', { name: 'More to send' }).click();
      const answer = other.fromBot().first();
      await answer.hover();
      await answer.getByLabel('React, reply and more').click();
      await answer.getByRole('button', { name: 'Reply' }).waitFor();
      await other.page.evaluate(axe.source);
      const { violations } = await other.page.evaluate<AxeResults>('axe.run()');
      const found = violations.map(({ id, nodes }) => [id, ...nodes.slice(0, 3).map(({ html }) => html)]);
      assert.deepEqual(found, []);
      const isTooWide = await other.page.evaluate<boolean>(
        'document.documentElement.scrollWidth > document.documentElement.clientWidth',
      );
      assert.equal(isTooWide, false, 'it scrolls sideways');
      await other.close();
    }
  });

  const setProfile = (profile: object) => graph('messenger_profile', profile);

  /** As the bot's page. */
  async function graph(edge: string, params: object): Promise<void> {
    const { statusCode, body } = await request(`${fixture.simulator.httpUrl}/v25.0/me/${edge}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...fixture.credentials, ...params }),
    });
    assert.equal(statusCode, 200, await body.text());
  }
});
