import assert from 'node:assert/strict';
import { CATS, openUi, type UiFixture, type View } from './ui-fixture';

const WIDTHS = [320, 390, 820, 1280, 1920];

/** What stands where. */
interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
  height: number;
}

/** As far as it is used here. */
interface Element {
  readonly innerText: string;
  getBoundingClientRect(): { toJSON(): Box };
  querySelector(selector: string): Element;
  querySelectorAll(selector: string): Iterable<Element>;
}

const PARTS = '.call-time, .call-purpose, .call-about, .call-bytes, .call-took, .outcome';

/** In the browser, in one step: there are many calls. */
function measureCall(element: unknown, selector: string): { text: string; line: Box; parts: Box[] } {
  const call = element as Element;
  return {
    text: call.innerText,
    line: call.querySelector('.call-line').getBoundingClientRect().toJSON(),
    parts: Array.from(call.querySelectorAll(selector), (part) => part.getBoundingClientRect().toJSON()),
  };
}

describe('The layout of the simulator’s page', () => {
  let fixture: UiFixture;
  let view: View;
  before(async () => {
    fixture = await openUi();
    const { simulator } = fixture;
    const say = (text: string) => simulator.say({ page: CATS, user: '1', text });
    for (const text of ['help', 'picture', 'card']) await say(text);
    simulator.revokeAll();
    simulator.addFaults({ purpose: 'send-text', delayMs: 2001, error: { code: 100, subcode: 2018001 } });
    for (const text of ['picture', 'help', 'show https://localhost:1/a-long-name-of-a-picture.jpg'])
      await say(text);
    simulator.advanceDays(83);
  });
  after(() => fixture.close());
  afterEach(async () => {
    assert.deepEqual(view.problems, [], 'the browser complained');
    await view.close();
  });

  async function open(width: number, tab: string, height = 800): Promise<View> {
    view = await fixture.open(`?page=${CATS}&user=1&tab=${tab}`, { viewport: { width, height } });
    return view;
  }

  const boxOf = (element: unknown): Box =>
    (element as { getBoundingClientRect(): { toJSON(): Box } }).getBoundingClientRect().toJSON();

  const sizeOf = (element: unknown) => {
    const { clientWidth, scrollWidth } = element as { clientWidth: number; scrollWidth: number };
    return { clientWidth, scrollWidth };
  };

  for (const width of WIDTHS) {
    it(`shows that there are more cards than fit at ${width} px`, async () => {
      const { page, log } = await open(width, 'chat');
      fixture.simulator.openWindow({ page: CATS });
      const elements = ['Tom', 'Mia', 'Paul'].map((title) => ({ title, subtitle: 'A cat' }));
      const attachment = { type: 'template', payload: { template_type: 'generic', elements } };
      const sent = await page.request.post(`${fixture.simulator.httpUrl}/me/messages`, {
        data: { ...fixture.credentials, recipient: { id: '1' }, message: { attachment } },
      });
      assert.equal(sent.status(), 200);
      const cards = log.getByRole('group', { name: 'Cards' }).last();
      const { right } = await cards.evaluate(boxOf);
      const second = await cards.locator('.card').nth(1).evaluate(boxOf);
      assert.ok(
        second.left < right - 10,
        `the second card begins at ${second.left}, and ends are at ${right}`,
      );
    });

    it(`has no call over two lines, and nothing over anything else in it, at ${width} px`, async () => {
      const { calls, page } = await open(width, 'calls');
      await calls.first().waitFor();
      assert.match((await calls.allInnerTexts()).join('\n'), /100\/2018001/);
      for (const call of await calls.all()) {
        await call.scrollIntoViewIfNeeded();
        const { text, line, parts } = await call.evaluate(measureCall, PARTS);
        assert.ok(line.height <= 58, `${line.height} px: ${text}`);
        assert.equal(parts.length, 6, text);
        const shown = parts.filter(({ height }) => height > 0);
        for (const [at, one] of shown.entries()) {
          assert.ok(one.right <= line.right, `it leaves its line: ${text}`);
          for (const other of shown.slice(at + 1)) {
            const isBeside = one.right <= other.left || other.right <= one.left;
            const isAbove = one.bottom <= other.top + 1 || other.bottom <= one.top + 1;
            assert.ok(isBeside || isAbove, `parts collide: ${text}`);
          }
        }
      }
      await isNotTooWide(page);
    });

    it(`shows the whole name of the page at ${width} px`, async () => {
      const { page } = await open(width, 'chat');
      const choice = page.getByRole('combobox', { name: 'Page' });
      const { shown, needed } = await choice.evaluate(widthOfChoice);
      assert.ok(shown >= needed, `${shown} px for ${needed} px of name`);
      const { right } = await page.locator('.connection').evaluate(boxOf);
      assert.ok(right <= width, 'the bar is wider than the window');
      await isNotTooWide(page);
    });

    it(`shows the statistics in full at ${width} px`, async () => {
      const { page } = await open(width, 'calls');
      const stats = page.locator('.stats');
      for (const bytes of (await stats.locator('dd').all()).slice(2, 4)) {
        await bytes.evaluate(
          (element) => ((element as unknown as { textContent: string }).textContent = '999.9 kB'),
        );
      }
      const { clientWidth, scrollWidth } = await stats.evaluate(sizeOf);
      assert.ok(scrollWidth <= clientWidth, `${scrollWidth} px in ${clientWidth} px`);
    });

    it(`shows the request that a control has made beside the controls, and not above them, at ${width} px`, async () => {
      const { page } = await open(width, 'controls', 560);
      await page.getByRole('button', { name: 'Revoke all IDs' }).click();
      const request = page.locator('.last-request');
      await request.waitFor();
      const controls = await page.locator('.controls').evaluate(boxOf);
      const { top } = await request.evaluate(boxOf);
      assert.ok(
        top >= controls.bottom - 1,
        `the request begins at ${top}, the controls end at ${controls.bottom}`,
      );
      await isNotTooWide(page);
    });
  }

  it('has one recovery beside the calls, with the earlier ones to open, and lets it be put away', async () => {
    const { page, calls } = await open(1280, 'calls');
    for (const text of ['logo', 'gif', 'sound']) await fixture.simulator.say({ page: CATS, user: '2', text });
    fixture.simulator.revokeAll();
    for (const text of ['logo', 'gif', 'sound']) await fixture.simulator.say({ page: CATS, user: '2', text });
    const card = page.getByRole('region', { name: /^Recovery of/ });
    await page.getByRole('region', { name: 'Recovery of lullaby.mp3' }).waitFor();
    assert.equal(await card.count(), 1);
    await card.getByText('with the next send').waitFor();
    const { top } = await calls.first().evaluate(boxOf);
    assert.ok(top < 400, `the first call begins at ${top} px`);
    await page.getByText(/^\d+ earlier recoveries$/).click();
    await page.getByRole('link', { name: 'blink.gif' }).waitFor();
    await page.getByRole('button', { name: 'Put the recovery of lullaby.mp3 away' }).click();
    await page.getByRole('region', { name: 'Recovery of blink.gif' }).waitFor();
  });

  it('lets a recovery go that never ends', async () => {
    const { page } = await open(1280, 'calls');
    await fixture.simulator.say({ page: CATS, user: '2', text: 'video' });
    fixture.simulator.revokeAll();
    await fixture.simulator.say({ page: CATS, user: '2', text: 'video' });
    const card = page.getByRole('region', { name: 'Recovery of night.mp4' });
    await card.waitFor();
    for (let n = 0; n < 45; n++) {
      await fetch(`${fixture.simulator.httpUrl}/me?access_token=none`);
    }
    await card.waitFor({ state: 'detached' });
    await page.getByText(/^\d+ recover(y|ies)$/).click();
    await page.getByRole('listitem').filter({ hasText: 'night.mp4 recovered' }).first().waitFor();
  });

  it('says what the days are for, and what waits for its call', async () => {
    const { page } = await open(1280, 'controls');
    for (const [button, meaning] of [
      ['+ 83 days', /IDs have 7 days left/],
      ['+ 91 days', /all IDs have expired/],
    ] as const) {
      const id = await page
        .getByRole('button', { name: button, exact: true })
        .getAttribute('aria-describedby');
      assert.match(await page.locator(`#${id ?? ''}`).innerText(), meaning);
    }
    await page.getByText('83 days ahead of yours. It only moves forward').waitFor();
    assert.match((await page.locator('.clock').getAttribute('title')) ?? '', /83 days ahead of yours/);
    const waiting = page.getByRole('list', { name: 'Faults that wait for their call' });
    fixture.simulator.addFaults(
      { hang: true },
      { purpose: 'send-id', times: 3, error: { code: 100, subcode: 2018074 } },
      { path: '/message_attachments$', reset: 'after', times: 2 },
    );
    await waiting.getByRole('listitem').nth(2).waitFor();
    assert.deepEqual(await waiting.getByRole('listitem').allInnerTexts(), [
      'The next call: no answer',
      'The next 3 sends by ID: error 100/2018074',
      'The next 2 uploads: the connection is cut after the call was carried out',
    ]);
    fixture.simulator.clearFaults();
  });

  async function isNotTooWide(page: View['page']): Promise<void> {
    const isTooWide = await page.evaluate<boolean>(
      'document.documentElement.scrollWidth > document.documentElement.clientWidth',
    );
    assert.equal(isTooWide, false, 'it scrolls sideways');
  }
});

/** Of a choice: the width for its text, and the width that its text has. */
function widthOfChoice(element: unknown): { shown: number; needed: number } {
  const choice = element as {
    clientWidth: number;
    ownerDocument: { createElement(name: string): never };
    selectedOptions: { text: string }[];
  };
  const { font, paddingLeft, paddingRight } = (
    globalThis as unknown as { getComputedStyle(of: unknown): Record<string, string> }
  ).getComputedStyle(element);
  const canvas: { getContext(kind: string): { font: string; measureText(text: string): { width: number } } } =
    choice.ownerDocument.createElement('canvas');
  const context = canvas.getContext('2d');
  context.font = font ?? '';
  const arrow = 16;
  return {
    shown: choice.clientWidth - parseFloat(paddingLeft ?? '') - parseFloat(paddingRight ?? '') - arrow,
    needed: context.measureText(choice.selectedOptions[0]?.text ?? '').width,
  };
}
