import assert from 'node:assert/strict';
import axe, { type AxeResults } from 'axe-core';
import { type BrowserContextOptions } from 'playwright-core';
import { Agent, request } from 'undici';
import { DEMO_PAGE, startSimulator } from 'messenger-platform-simulator';
import { CATS, openUi, type UiFixture } from './ui-fixture';

const WINDOWS: Record<string, BrowserContextOptions> = {
  light: { colorScheme: 'light' },
  dark: { colorScheme: 'dark' },
  'narrow and light': { colorScheme: 'light', viewport: { width: 320, height: 640 } },
  'a tablet, dark': { colorScheme: 'dark', viewport: { width: 820, height: 1100 } },
};

/** A multiple of 16. */
const CALLS = Number(process.env.CALLS ?? 100_000);

describe('The simulator’s page', () => {
  let fixture: UiFixture;
  let hanging: Promise<unknown>;
  before(async () => {
    fixture = await openUi();
    const { simulator } = fixture;
    const say = (text: string) => simulator.say({ page: CATS, user: '1', text });
    for (const text of ['help', 'picture', 'sound', 'video', 'file', 'card']) await say(text);
    simulator.revokeAll();
    simulator.addFaults({ purpose: 'send-text', error: { code: 551, subcode: 1545041 } });
    for (const text of ['picture', 'help', 'gallery']) await say(text);
    await simulator.say({ page: CATS, user: '2', text: 'help' });
    simulator.addFaults({ purpose: 'read', hang: true }, { purpose: 'read', status: 500, times: 3 });
    hanging = fetch(`${simulator.httpUrl}/me?access_token=none`).catch(() => undefined); // Until the simulator closes.
  });
  after(async () => {
    await fixture.close();
    await hanging;
  });

  for (const [name, options] of Object.entries(WINDOWS)) {
    for (const tab of ['chat', 'calls', 'assets', 'controls']) {
      it(`has nothing for axe to complain about: ${tab}, ${name}`, async () => {
        const refused = fixture.simulator.calls().find(({ subcode }) => subcode === 2018074)?.number ?? 0;
        const call = tab === 'calls' ? `&call=${refused}` : '';
        const view = await fixture.open(`?page=${CATS}&user=1&tab=${tab}${call}`, {
          ...options,
          reducedMotion: 'reduce',
        });
        await view.page
          .locator(SETTLED[tab] ?? '')
          .first()
          .waitFor();
        // By the browser's own debugger: the page's policy lets no other script in.
        await view.page.evaluate(axe.source);
        const { violations } = await view.page.evaluate<AxeResults>('axe.run()');
        const found = violations.map(({ id, nodes }) => [id, ...nodes.slice(0, 3).map(({ html }) => html)]);
        assert.deepEqual(found, []);
        assert.deepEqual(view.problems, []);
        const isTooWide = await view.page.evaluate<boolean>(
          'document.documentElement.scrollWidth > document.documentElement.clientWidth',
        );
        assert.equal(isTooWide, false, 'it scrolls sideways');
        await view.close();
      });
    }
  }

  it('has nothing for axe to complain about when it asks whether to start over', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      const view = await fixture.open(`?page=${CATS}&user=1&tab=controls`, {
        colorScheme,
        reducedMotion: 'reduce',
      });
      await view.page.getByRole('button', { name: 'Start over…' }).click();
      await view.page.getByRole('dialog').waitFor();
      await view.page.evaluate(axe.source);
      const { violations } = await view.page.evaluate<AxeResults>('axe.run()');
      assert.deepEqual(
        violations.map(({ id }) => id),
        [],
      );
      await view.close();
    }
  });

  it('can be used with the keyboard alone', async () => {
    const view = await fixture.open(`?page=${CATS}&user=7&tab=calls`);
    const { keyboard } = view.page;
    await keyboard.press('Tab');
    assert.equal(await focused(view.page), 'Skip to the message field');
    await keyboard.press('Enter');
    await keyboard.type('gallery');
    await keyboard.press('Enter');
    await view.log.getByRole('button', { name: 'Gallery 2' }).waitFor();
    // Past the button beside the message field.
    for (let n = 0; n < 3; n++) await keyboard.press('Shift+Tab');
    assert.equal(await focused(view.page), 'Gallery 2');
    await keyboard.press('Enter');
    await view.log.getByRole('img', { name: 'mia.jpg' }).waitFor();
    await view.page.getByRole('link', { name: 'Calls' }).focus();
    for (const next of ['Assets', 'Controls']) {
      await keyboard.press('Tab');
      assert.equal(await focused(view.page), next);
    }
    await keyboard.press('Enter');
    await view.page.getByRole('group', { name: 'Clock' }).waitFor();
    await view.close();
  });

  it('asks nobody but the simulator, and lets no other script in', async () => {
    const view = await fixture.open(`?page=${CATS}&user=1&tab=calls`);
    const asked = new Set<string>();
    view.page.on('request', (request) => asked.add(new URL(request.url()).origin));
    const response = await view.page.reload();
    await view.calls.first().waitFor();
    assert.deepEqual([...asked], [fixture.simulator.httpUrl]);
    const policy = (await response?.headerValue('content-security-policy')) ?? '';
    assert.match(policy, /default-src 'none'.*script-src 'self'.*frame-ancestors 'none'/);
    assert.doesNotMatch(policy, /unsafe|\*/);
    const title = await view.page.evaluate<string>(`(() => {
      const script = document.createElement('script');
      try { script.textContent = 'document.title = "owned"'; document.head.append(script); } catch {}
      return document.title;
    })()`);
    assert.equal(title, 'Messenger, simulated');
    await view.close();
  });

  it(`stays smooth and bounded at ${CALLS} calls, and right to the last one`, async function () {
    this.timeout(600_000);
    const view = await fixture.open(`?page=${CATS}&user=1&tab=calls`);
    await view.page.evaluate(`
      window.frames = [];
      let last = performance.now();
      const tick = (now) => { window.frames.push(now - last); last = now; requestAnimationFrame(tick); };
      requestAnimationFrame(tick);
    `);
    const { httpUrl } = fixture.simulator;
    const before = fixture.simulator.totals().calls;
    const body = JSON.stringify({
      ...fixture.credentials,
      recipient: { id: '1' },
      message: { text: 'one of many' },
    });
    const agent = new Agent({ connections: 16 });
    const headers = { 'content-type': 'application/json' };
    let sent = 0;
    const sender = async () => {
      while (sent++ < CALLS) {
        const options = { method: 'POST', headers, body, dispatcher: agent } as const;
        await (await request(`${httpUrl}/me/messages`, options)).body.dump();
      }
    };
    const startedAt = performance.now();
    await Promise.all(Array.from({ length: 16 }, sender));
    const seconds = (performance.now() - startedAt) / 1000;
    await agent.close();
    const wanted = new Intl.NumberFormat('en').format(before + CALLS);
    await view.page.getByText(`of ${wanted} calls`).waitFor();
    await view.calls.first().getByText('Send text').waitFor();
    const shown = await view.page.locator('.calls > .call').count();
    assert.ok(shown >= 300 && shown <= 300 + HANGING, `${shown} calls`);
    assert.ok((await view.log.locator('.message').count()) <= 200);
    const nodes = await view.page.evaluate<number>('document.querySelectorAll("*").length');
    assert.ok(nodes < 8_000, `${nodes} elements`);
    const frames = (await view.page.evaluate<number[]>('window.frames')).toSorted((a, b) => a - b);
    const [longest = 0, late = 0] = [frames.at(-1), frames[Math.floor(frames.length * 0.99)]];
    console.log(
      `      ${Math.round(CALLS / seconds)} calls/s, ${nodes} elements; frames: ${Math.round(longest)} ms at most, ` +
        `99 % within ${Math.round(late)} ms`,
    );
    // Generous: other programs share this machine. Without a bound it takes many seconds.
    assert.ok(longest < 2_000, `a frame took ${longest} ms`);
    const clickedAt = performance.now();
    await view.tab('Controls');
    await view.page.getByRole('group', { name: 'Clock' }).waitFor();
    assert.ok(performance.now() - clickedAt < 2_000, 'the next tab took long');
    await view.close();
  });

  it('comes back by itself when the simulator does', async () => {
    const first = await startSimulator();
    const view = await fixture.open(`?user=1&tab=calls`, {}, first.httpUrl);
    await view.page.getByText('Live', { exact: true }).waitFor();
    await first.close();
    await view.page.getByText('Reconnecting…').waitFor();
    const second = await startSimulator({ httpPort: Number(new URL(first.httpUrl).port) });
    try {
      await second.say({ page: DEMO_PAGE.id, user: '1', text: 'still there?' });
      await view.log.getByText('still there?').waitFor();
      await view.page.getByText('Live', { exact: true }).waitFor();
    } finally {
      await view.close();
      await second.close();
    }
  });
});

/** Calls that may still hang in the background. */
const HANGING = 1;

/** What stands there once a tab is complete. */
const SETTLED: Record<string, string> = {
  chat: '.quick-replies button',
  calls: '.call-detail .json',
  assets: '.asset',
  controls: '.pending',
};

function focused(page: { evaluate<T>(script: string): Promise<T> }): Promise<string> {
  return page.evaluate<string>('document.activeElement.innerText.trim()');
}
