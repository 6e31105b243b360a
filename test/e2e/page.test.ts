import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { request } from 'undici';
import { listen } from '../support/platform/listen';
import { CATS, messagesOf, NEIGHBOURS, openUi, type UiFixture, type View } from './ui-fixture';

const ASSETS = path.join(__dirname, '../../example-bot/assets');

describe('The simulator’s page, in a browser', function () {
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

  it('shows what a person writes and what the bot answers, and that it was delivered', async () => {
    await view.write('Hello there');
    assert.equal(await view.log.locator('.from-user .bubble').innerText(), 'Hello there');
    assert.match(await view.fromBot().innerText(), /Write picture, logo, gif, sound/);
  });

  it('shows pictures in their natural size, and plays sound and video', async () => {
    await view.write('picture');
    const picture = view.log.getByRole('img', { name: 'tom.jpg' });
    await picture.scrollIntoViewIfNeeded();
    const size = await picture.evaluate(async (image: { decode(): Promise<void> }) => {
      await image.decode();
      const { naturalWidth, naturalHeight } = image as unknown as Record<string, number>;
      return [naturalWidth, naturalHeight];
    });
    assert.deepEqual(size, await jpegSize(path.join(ASSETS, 'cats/tom.jpg')));
    for (const [text, name] of [
      ['sound', 'lullaby.mp3'],
      ['video', 'night.mp4'],
    ] as const) {
      await view.write(text);
      const played = await view.log.getByLabel(name).evaluate(async (element) => {
        const media = element as unknown as {
          play(): Promise<void>;
          muted: boolean;
          currentTime: number;
          duration: number;
        };
        media.muted = true;
        await media.play();
        const end = Date.now() + 20_000;
        while (media.currentTime === 0 && Date.now() < end) await new Promise((go) => setTimeout(go, 50));
        return { at: media.currentTime, of: media.duration };
      });
      assert.ok(played.at > 0, `${name} stands still`);
      assert.ok(played.of > 1, `${name} lasts ${played.of} s`);
    }
  });

  it('gives files to download, byte for byte', async () => {
    await view.write('file');
    const downloading = view.page.waitForEvent('download');
    await view.log.getByRole('link', { name: /cat-care\.pdf/ }).click();
    const download = await downloading;
    assert.equal(download.suggestedFilename(), 'cat-care.pdf');
    assert.deepEqual(
      await readFile(await download.path()),
      await readFile(path.join(ASSETS, 'cat-care.pdf')),
    );
  });

  it('shows media templates with their buttons, which speak to the bot', async () => {
    await view.write('card');
    assert.equal(await view.log.getByLabel('night.mp4').count(), 1);
    await view.log.getByRole('button', { name: 'The tune, please' }).click();
    await view.log.getByLabel('lullaby.mp3').waitFor();
    const [, , tapped] = messagesOf(fixture.simulator.state(), '1');
    assert.deepEqual([tapped?.text, tapped?.payload], ['The tune, please', 'sound']);
  });

  it('shows the path of a call that is no send, upload or profile', async () => {
    const ask = async (path: string, body?: object) => {
      const { httpUrl } = fixture.simulator;
      const query = new URLSearchParams(fixture.credentials).toString();
      const { statusCode } = await request(`${httpUrl}/v25.0${path}?${query}`, {
        method: body ? 'POST' : 'GET',
        headers: { 'content-type': 'application/json' },
        body: body ? JSON.stringify(body) : null,
      });
      assert.equal(statusCode, 200);
    };
    const recipient = { id: '1' };
    await ask('/1');
    await ask('/me/personas');
    await ask('/me/personas', { name: 'Ada', profile_picture_url: 'https://example.com/ada.png' });
    await ask('/me/pass_thread_control', { recipient, target_app_id: '263902037430900' });
    await view.calls.nth(3).waitFor();
    const titles = await view.calls.locator('.call-purpose, .call-about').allInnerTexts();
    assert.deepEqual(
      titles.map((title) => title.replace(/\s+/g, ' ')),
      [
        ...['Call', 'JSON POST /me/pass_thread_control'],
        ...['Call', 'JSON POST /me/personas'],
        ...['Read', 'get /me/personas'],
        ...['Read', 'get /1'],
      ],
    );
  });

  it('offers quick replies until one is tapped', async () => {
    await view.write('gallery');
    const replies = view.log.getByRole('group', { name: 'Quick replies' });
    await replies.getByRole('button', { name: 'Gallery 2' }).click();
    await view.log.getByRole('img', { name: 'mia.jpg' }).waitFor();
    assert.deepEqual(await replies.getByRole('button').allInnerTexts(), ['Gallery 3', 'Help']);
    const texts = messagesOf(fixture.simulator.state(), '1').filter(({ from }) => from === 'user');
    assert.deepEqual(
      texts.map(({ text, payload }) => [text, payload]),
      [
        ['gallery', undefined],
        ['Gallery 2', 'NEXT'],
      ],
    );
  });

  it('offers the email address of the person as a quick reply, and sends it', async () => {
    await view.write('Hello');
    await graph({ message: { text: 'Where to?', quick_replies: [{ content_type: 'user_email' }] } });
    const replies = view.log.getByRole('group', { name: 'Quick replies' });
    await replies.getByRole('button', { name: 'Your email address' }).click();
    await view.log.getByText('user1@example.com', { exact: true }).first().waitFor();
  });

  it('shows generic templates, typing, and what was seen', async () => {
    await view.write('Hello');
    await graph({ sender_action: 'mark_seen' });
    await view.log.getByText('Seen', { exact: true }).waitFor();
    await graph({ sender_action: 'typing_on' });
    await view.log.getByText('The bot is typing').waitFor();
    const buttons = [{ type: 'web_url', title: 'Open', url: 'https://example.com/cats' }];
    await graph({
      message: {
        attachment: {
          type: 'template',
          payload: { template_type: 'generic', elements: [{ title: 'Tom', subtitle: 'A cat', buttons }] },
        },
      },
    });
    const card = view.log.getByRole('group', { name: 'Cards' });
    assert.match(await card.innerText(), /Tom\s+A cat\s+Open/);
    assert.equal(await card.getByRole('link').getAttribute('href'), 'https://example.com/cats');
    assert.equal(await view.log.getByText('The bot is typing').count(), 0);
  });

  it('shows the pictures of cards, which the simulator fetches, or their addresses', async () => {
    const { simulator } = fixture;
    const asked = new Set<string>();
    view.page.on('request', (sent) => asked.add(new URL(sent.url()).origin));
    const paw = await readFile(path.join(ASSETS, 'paw.png'));
    const shop = createServer((req, res) => {
      if (req.url === '/paw.png') res.setHeader('content-type', 'image/png').end(paw);
      else res.end('no picture');
    });
    const { port, close } = await listen(shop);
    try {
      const elements = ['paw.png', 'page.html'].map((name) => ({
        title: name,
        image_url: `http://localhost:${port}/${name}`,
      }));
      const payload = { template_type: 'generic', elements };
      await graph({ message: { attachment: { type: 'template', payload } } });
      const picture = view.log.getByRole('img', { name: 'Picture: paw.png' });
      const naturalWidth = await picture.evaluate(async (image: { decode(): Promise<void> }) => {
        await image.decode();
        return (image as unknown as Record<string, number>)['naturalWidth'];
      });
      assert.ok(Number(naturalWidth) > 1);
      const { width = 0, height = 1 } = (await picture.boundingBox()) ?? {};
      assert.ok(Math.abs(width / height - 1.91) < 0.05, 'as wide as Messenger shows it');
      await view.log.getByRole('link', { name: /page\.html$/ }).waitFor();
      assert.deepEqual([...asked], [simulator.httpUrl]);
      // It is no proxy for what no bot has sent.
      const src = new URL((await picture.getAttribute('src')) ?? '', simulator.httpUrl);
      src.searchParams.set('url', `http://localhost:${port}/paw.png?other`);
      assert.equal((await fetch(src)).status, 204);
    } finally {
      await close();
    }
  });

  it('keeps what anyone writes as text, and runs none of it', async () => {
    const evil = '<img src=x onerror="document.title=\'owned\'"><b>bold</b>';
    const script = 'javascript:document.title="owned"';
    const elements = [
      {
        title: evil,
        subtitle: evil,
        image_url: script,
        buttons: [{ type: 'web_url', title: evil, url: script }],
      },
    ];
    await view.write(evil);
    await graph({
      message: { text: evil, quick_replies: [{ content_type: 'text', title: evil, payload: evil }] },
    });
    await graph({
      message: {
        attachment: { type: 'template', payload: { template_type: 'generic', elements } },
      },
    });
    await view.log.getByRole('group', { name: 'Cards' }).waitFor();
    const bubbles = await view.log.locator('.bubble').allInnerTexts();
    assert.equal(bubbles.filter((text) => text === evil).length, 2);
    assert.equal(await view.log.locator('b:text-is("bold"), img[src=x]').count(), 0);
    assert.equal(await view.log.locator('a[href^=javascript]').count(), 0);
    await view.tab('Calls');
    await view.calls.filter({ hasText: 'Send a template' }).getByRole('button').click();
    await view.page.getByRole('region', { name: 'Request' }).waitFor();
    assert.equal(await view.page.title(), 'Messenger, simulated');
  });

  it('says when the bot did not get a message, and tries again', async () => {
    const { url = '' } = fixture.simulator.state().webhook ?? {};
    fixture.simulator.setWebhook('http://127.0.0.1:9/nobody');
    try {
      await view.page.getByRole('textbox', { name: /^Message of/ }).fill('picture');
      await view.page.keyboard.press('Enter');
      await view.log.getByText(/^Not delivered/).waitFor();
    } finally {
      fixture.simulator.setWebhook(url);
    }
    await view.log.getByRole('button', { name: 'Try again' }).click();
    await view.log.getByRole('img', { name: 'tom.jpg' }).waitFor();
    await view.log.getByText('Delivered', { exact: true }).waitFor();
  });

  it('keeps the mark of a message that was not delivered when others follow, a reload later too', async () => {
    const { url = '' } = fixture.simulator.state().webhook ?? {};
    fixture.simulator.setWebhook('http://127.0.0.1:9/nobody');
    try {
      await fixture.simulator.say({ page: CATS, user: '1', text: 'lost' });
    } finally {
      fixture.simulator.setWebhook(url);
    }
    await view.write('Hello');
    const states = () => view.log.locator('.from-user, .state').allInnerTexts();
    const marks = (texts: string[]) =>
      texts.map((text) => /lost|Not delivered|Hello|Delivered/.exec(text)?.[0]);
    const expected = ['lost', 'Not delivered', 'Hello', 'Delivered'];
    assert.deepEqual(marks(await states()), expected);
    await view.page.reload();
    await view.log.getByText('Delivered', { exact: true }).waitFor();
    assert.deepEqual(marks(await states()), expected);
  });

  it('keeps two people apart who chat at once, and two pages', async () => {
    const other = await fixture.open(`?page=${CATS}&user=2`);
    await Promise.all([view.write('picture'), other.write('logo')]);
    assert.equal(await view.log.getByRole('img').count(), 1);
    await other.log.getByRole('img', { name: 'paw.png' }).waitFor();
    assert.equal(await other.log.getByRole('img').count(), 1);
    // Each sees the other come up in the list of people, and can look over their shoulder.
    await view.page.getByRole('navigation', { name: 'People' }).getByRole('link', { name: 'User 2' }).click();
    await view.log.getByRole('img', { name: 'paw.png' }).waitFor();
    await other.page.getByRole('combobox', { name: 'Page' }).selectOption('The neighbours');
    await other.log.getByText('has not written to The neighbours yet').waitFor();
    await other.write('logo');
    assert.equal(messagesOf(fixture.simulator.state(), '2', NEIGHBOURS).length, 2);
    await other.close();
  });

  it('keeps the thread and everything that is open when it is loaded anew', async () => {
    await view.write('picture');
    await view.write('Hello');
    await view.tab('Calls');
    await view.calls.first().getByRole('button').click();
    await view.page.getByRole('region', { name: 'Answer' }).waitFor();
    const before = await view.log.innerText();
    await view.page.reload();
    await view.page.getByRole('region', { name: 'Answer' }).waitFor();
    await view.log.getByText('Write picture, logo').waitFor();
    assert.equal(await view.log.innerText(), before);
    const query = new URL(view.page.url()).searchParams;
    assert.deepEqual(Object.fromEntries(query), {
      page: CATS,
      user: '1',
      tab: 'calls',
      call: String(fixture.simulator.calls().length),
    });
    await view.page.goBack();
    assert.equal(await view.page.getByRole('region', { name: 'Answer' }).count(), 0);
  });

  /** As the bot's page. */
  async function graph(call: object): Promise<void> {
    const { statusCode, body } = await request(`${fixture.simulator.httpUrl}/v25.0/me/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...fixture.credentials, recipient: { id: '1' }, ...call }),
    });
    assert.equal(statusCode, 200, await body.text());
  }
});

/** Width and height, from the frame's header. */
async function jpegSize(file: string): Promise<[width: number, height: number]> {
  const bytes = await readFile(file);
  for (let at = 2; at < bytes.length; at += 2 + bytes.readUInt16BE(at + 2)) {
    const marker = bytes.readUInt8(at + 1);
    if (marker >= 0xc0 && marker <= 0xc2) return [bytes.readUInt16BE(at + 7), bytes.readUInt16BE(at + 5)];
  }
  throw new Error(`${file} has no size`);
}
