import assert from 'node:assert/strict';
import { request } from 'undici';
import { type Locator } from 'playwright-core';
import { until } from '../support/checks/waiting';
import { CATS, openUi, type UiFixture, type View } from './ui-fixture';

describe('A chat on the simulator’s page', function () {
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

  it('stays at its end in every fresh chat, whatever comes and however late', async function () {
    this.timeout(180_000);
    await slowContent(150);
    for (let chat = 0; chat < 10; chat++) {
      await view.page.getByRole('navigation', { name: 'People' }).getByRole('button').click();
      for (const text of ['gallery', 'logo', 'video', 'picture']) await view.write(text);
      await view.log.locator('img').last().evaluate(whenLoaded);
      assert.ok((await distanceToEnd()) < 2, `chat ${chat} is ${await distanceToEnd()} px above its end`);
    }
  });

  it('opens at its end again, with the place of each picture kept free until it is there', async () => {
    for (const text of ['picture', 'logo', 'gif', 'gallery']) await view.write(text);
    await slowContent(1500);
    await view.page.reload();
    await view.fromBot().nth(3).waitFor();
    const images = view.log.locator('img');
    const heights = () =>
      images.evaluateAll((all) => all.map((one) => (one as unknown as Sized).clientHeight));
    const early = await heights();
    assert.ok(
      early.every((height) => height > 100),
      `places before the pictures came: ${early.join(', ')}`,
    );
    assert.ok((await distanceToEnd()) < 2);
    for (const image of await images.all()) await image.evaluate(whenLoaded);
    assert.deepEqual(await heights(), early);
    assert.ok((await distanceToEnd()) < 2);
  });

  it('shows one’s own message wherever one was reading, and lets one read on when others come', async () => {
    for (const text of ['picture', 'logo', 'gif', 'help']) await view.write(text);
    await view.log.hover();
    await view.page.mouse.wheel(0, -5000);
    await view.page.getByRole('button', { name: 'To the last message' }).waitFor();
    const before = await top();
    await graph({ message: { text: 'Something else' } });
    await view.log.getByText('Something else').waitFor();
    assert.ok(Math.abs((await top()) - before) < 2, 'it went away from what one was reading');
    await view.write('Hello there');
    assert.ok((await distanceToEnd()) < 2);
    assert.ok(await isInSight(view.log.locator('.from-user .bubble').last()));
    assert.equal(await view.page.getByRole('button', { name: 'To the last message' }).count(), 0);
  });

  it('shows stickers, reactions and replies of the bot', async () => {
    await view.write('Hello there');
    const { mid = '' } = fixture.simulator.thread(CATS, '1').messages[0] ?? {};
    await graph({ message: { sticker_id: '369239263222822' }, reply_to: { mid } });
    await view.log.getByRole('img', { name: 'Sticker 369239263222822' }).waitFor();
    await graph({ sender_action: 'react', payload: { message_id: mid, reaction: '🎉' } });
    const reaction = view.log.getByText('The bot reacted: 🎉');
    await reaction.waitFor();
    await graph({ sender_action: 'unreact', payload: { message_id: mid } });
    await reaction.waitFor({ state: 'detached' });
    assert.equal(
      await view.log.getByText('Hello there').count(),
      2,
      'what is answered stands above the answer',
    );
  });

  it('shows a send that failed as a red line, which opens the call', async () => {
    fixture.simulator.addFaults({ purpose: 'send-text', error: { code: 551, subcode: 1545041 } });
    await view.page.getByRole('textbox', { name: /^Message of/ }).fill('Hello');
    await view.page.keyboard.press('Enter');
    const line = view.log.getByRole('link', { name: 'The bot could not send a message: 551/1545041' });
    await line.click();
    const { number } = fixture.simulator.calls().find(({ code }) => code === 551) ?? {};
    assert.equal(new URL(view.page.url()).searchParams.get('call'), String(number));
    await view.page.getByRole('region', { name: 'Answer' }).getByText('1545041').waitFor();
    const [red] = await line.evaluate(colourOf);
    assert.ok((red ?? 0) > 150, 'it is not red');
  });

  it('shows a dead ID as what it is: refused, and sent again without it', async () => {
    await view.write('picture');
    // The bot may have an ID of before the reset, of which the simulator does not know any more what it stood for.
    const unknown = await view.log.getByText('could not send').count();
    fixture.simulator.revokeAll();
    await view.write('picture');
    await view.log.getByRole('link', { name: 'ID refused, sent again without it: tom.jpg' }).waitFor();
    assert.equal(await view.log.getByText('could not send').count(), unknown);
  });

  it('shows a send while it waits, here and among the calls, and then how long nothing came', async () => {
    await view.write('Hello');
    fixture.simulator.addFaults({ hang: true });
    const givingUp = new AbortController();
    const hanging = assert.rejects(graph({ message: { text: 'Hi' } }, givingUp.signal));
    await view.log.getByText(/^The bot sends a message: no answer yet, [1-9]\d* s/).waitFor();
    const call = view.calls.first();
    assert.match(await call.innerText(), /Send text[^]*[1-9] s[^]*waiting/);
    await view.page.getByText('1 call without an answer yet').waitFor();
    givingUp.abort();
    await hanging;
    await view.log.getByRole('link', { name: 'The bot could not send a message: no answer' }).waitFor();
    assert.match(await call.innerText(), /Send text[^]*\d s[^]*no answer/);
    assert.doesNotMatch(await call.innerText(), /\b\d+ ms/);
    assert.equal(await view.page.getByText('without an answer yet').count(), 0);
  });

  it('shows an answer that a fault cut as cut, and marks each call that a fault hit', async () => {
    await view.write('Hello');
    fixture.simulator.addFaults({ reset: 'answer' }, { delayMs: 1 });
    await assert.rejects(graph({ message: { text: 'Half an answer' } }));
    await view.log.getByRole('link', { name: 'It arrived, but the bot was told otherwise: cut' }).waitFor();
    const [cut, late] = [view.calls.first(), view.calls.nth(1)];
    await cut.locator('.outcome.is-bad', { hasText: 'cut' }).waitFor();
    await cut.getByTitle('Fault: the connection is cut in the middle of the answer').waitFor();
    await graph({ message: { text: 'Late' } });
    await view.calls.first().getByTitle('Fault: a delay').waitFor();
    assert.match(await view.calls.first().innerText(), /Send text\s+fault[^]*OK/);
    assert.match(await late.innerText(), /fault[^]*cut/);
    assert.equal(await view.page.locator('.call-purpose .fault').count(), 2);
  });

  it('is marked in the list while it has messages that nobody has seen, a reload later too', async () => {
    await view.write('Hello');
    await fixture.simulator.say({ page: CATS, user: '139', text: 'picture' });
    const person = view.page.getByRole('navigation', { name: 'People' }).getByRole('link', { name: '139' });
    await person.getByText(/new$/).waitFor();
    await view.page.reload();
    await person.getByText(/new$/).waitFor();
    assert.equal(await view.page.locator('.unread').count(), 1);
    await person.click();
    await view.log.getByRole('img', { name: 'tom.jpg' }).waitFor();
    await view.page.locator('.unread').waitFor({ state: 'detached' });
    await view.page.reload();
    await person.waitFor();
    assert.equal(await view.page.locator('.unread').count(), 0);
  });

  it('is marked where there is no room for the list', async () => {
    const narrow = await fixture.open(`?page=${CATS}&user=1`, { viewport: { width: 390, height: 780 } });
    await fixture.simulator.say({ page: CATS, user: '2', text: 'Hello' });
    await narrow.page.getByTitle('Other people have new messages').waitFor();
    const options = await narrow.page.getByRole('combobox', { name: 'Person' }).innerText();
    assert.match(options, /User 2 · 2 new/);
    await narrow.close();
  });

  it('has a face with the whole number of the person, and says what was sent last', async () => {
    for (const [user, text] of [
      ['139', 'picture'],
      ['40', 'sound'],
      ['41', 'file'],
      ['42', 'card'],
    ] as const) {
      await fixture.simulator.say({ page: CATS, user, text });
    }
    const people = view.page.getByRole('navigation', { name: 'People' });
    await people.getByRole('link', { name: '42' }).waitFor();
    assert.equal(await people.getByRole('link', { name: '139' }).locator('.avatar').innerText(), '139');
    const previews = await people.locator('.last').allInnerTexts();
    assert.deepEqual(previews.slice(1), [
      'Video: night.mp4',
      'File: cat-care.pdf',
      'Sound: lullaby.mp3',
      'Picture: tom.jpg',
    ]);
  });

  it('is ready to be written in, when it is opened and when another person is chosen', async () => {
    await view.page.keyboard.type('Hello');
    await view.page.keyboard.press('Enter');
    await view.fromBot().first().waitFor();
    await fixture.simulator.say({ page: CATS, user: '2', text: 'Hello' });
    await view.page.getByRole('navigation', { name: 'People' }).getByRole('link', { name: 'User 2' }).click();
    await view.log.getByText('Write picture').waitFor();
    await view.page.keyboard.type('gallery');
    await view.page.keyboard.press('Enter');
    await view.log.getByRole('button', { name: 'Gallery 2' }).click();
    await view.log.getByRole('img', { name: 'mia.jpg' }).waitFor();
    await view.page.keyboard.type('help');
    await view.page.keyboard.press('Enter');
    await view.log.locator('.from-user').nth(3).waitFor();
  });

  it('keeps what one has written when the simulator cannot be reached', async () => {
    const field = view.page.getByRole('textbox', { name: /^Message of/ });
    await view.page.route('**/_sim/say', (route) => route.abort());
    await field.fill('Do not lose me');
    await view.page.keyboard.press('Enter');
    await view.page.getByRole('alert').waitFor();
    assert.equal(await field.inputValue(), 'Do not lose me');
    view.problems.splice(0); // The browser notes the request that failed.
  });

  it('opens the call of a badge where it can be seen, from its beginning to its answer', async () => {
    await view.write('logo');
    await view.write('logo');
    for (let n = 0; n < 40; n++) await graph({ sender_action: 'mark_seen' });
    await view.log
      .getByRole('link', { name: /^by ID/ })
      .first()
      .click();
    const line = view.page.locator('.call.is-open .call-line');
    const answer = view.page.getByRole('region', { name: 'Answer' });
    await answer.waitFor();
    await until(
      'its line and its answer are in sight',
      async () => (await isInSight(line)) && (await isInSight(answer)),
    );
  });

  it('opens a call that the list no longer shows', async () => {
    await view.write('logo');
    for (let n = 0; n < 310; n++) await graph({ sender_action: 'mark_seen' });
    await view.page.getByText(/^The last 300 of/).waitFor();
    await view.page.goto(`${fixture.simulator.httpUrl}/?page=${CATS}&user=1&tab=calls&call=2`);
    const earlier = view.page.getByRole('list', { name: 'Call 2', exact: true });
    await earlier.getByRole('region', { name: 'Request' }).waitFor();
    fixture.simulator.clearCalls();
    await graph({ sender_action: 'mark_seen' });
    await view.page.getByText('Call 2 is no longer kept.').waitFor();
    view.problems.splice(0); // The browser notes the answer 404.
  });

  const scrolled = <T>(script: (log: Scrolled) => T) => view.log.evaluate(script as (log: unknown) => T);
  const top = () => scrolled(({ scrollTop }) => scrollTop);
  const distanceToEnd = () =>
    scrolled(({ scrollHeight, scrollTop, clientHeight }) => scrollHeight - scrollTop - clientHeight);

  /** In the window, and under nothing else. */
  function isInSight(element: Locator): Promise<boolean> {
    return element.evaluate((found) => {
      const { left, top: upper, bottom } = (found as unknown as Sized).getBoundingClientRect();
      return [upper + 6, bottom - 6].every((y) =>
        (found as unknown as Sized).contains(
          (found as unknown as Sized).ownerDocument.elementFromPoint(left + 12, y),
        ),
      );
    });
  }

  function slowContent(ms: number): Promise<unknown> {
    return view.page.route('**/_sim/content/**', async (route) => {
      await new Promise((resolve) => setTimeout(resolve, ms));
      await route.continue().catch(() => undefined); // The page may have gone.
    });
  }

  /** As the bot's page. */
  async function graph(call: object, signal?: AbortSignal): Promise<void> {
    const { statusCode, body } = await request(`${fixture.simulator.httpUrl}/v25.0/me/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...fixture.credentials, recipient: { id: '1' }, ...call }),
      ...(signal && { signal }),
    });
    assert.equal(statusCode, 200, await body.text());
  }
});

/** What the tests need of an element: the types of the DOM are not theirs. */
interface Sized {
  clientHeight: number;
  ownerDocument: { elementFromPoint(x: number, y: number): unknown };
  contains(other: unknown): boolean;
  getBoundingClientRect(): { left: number; top: number; bottom: number };
}

interface Scrolled {
  scrollHeight: number;
  scrollTop: number;
  clientHeight: number;
}

async function whenLoaded(image: unknown): Promise<void> {
  await (image as { decode(): Promise<void> }).decode();
}

function colourOf(element: unknown): number[] {
  const { color } = (
    globalThis as unknown as { getComputedStyle(of: unknown): { color: string } }
  ).getComputedStyle(element);
  return (color.match(/\d+/g) ?? []).map(Number);
}
