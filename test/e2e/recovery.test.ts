import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { CATS, messagesOf, openUi, type UiFixture, type View } from './ui-fixture';

const MIA = path.join(__dirname, '../../example-bot/assets/cats/mia.jpg');

describe('What a tester does on the page', () => {
  let fixture: UiFixture;
  let view: View;
  // A bot of its own for each: it must not know the IDs of another test.
  beforeEach(async () => {
    fixture = await openUi();
    view = await fixture.open(`?page=${CATS}&user=1&tab=controls`);
  });
  afterEach(async () => {
    await fixture.close();
    assert.deepEqual(view.problems, [], 'the browser complained');
  });

  const control = (name: string) => view.page.getByRole('button', { name, exact: true });
  /** The request that a control makes, as the page shows it. */
  const request = () => view.page.locator('.last-request code');
  const outcomes = async () => {
    await view.tab('Calls');
    return view.calls.getByRole('button').allInnerTexts();
  };

  for (const [how, button, asked] of [
    ['expires all IDs', '+ 91 days', 'POST /_sim/clock {"advanceDays":91}'],
    ['revokes all IDs', 'Revoke all IDs', 'POST /_sim/revoke {"all":true}'],
  ] as const) {
    it(`${how} and sees the bot recover: refused, one step, renewed, the new ID`, async () => {
      await view.write('picture');
      await control(button).click();
      await request().getByText(asked).waitFor();
      await view.write('picture');
      await view.tab('Calls');
      const recovery = view.page.getByRole('region', { name: 'Recovery of tom.jpg' });
      await recovery.getByRole('link', { name: /^ID renewed/ }).waitFor();
      assert.equal(await recovery.getByText('with the next send').count(), 1);
      await view.write('picture');
      await recovery.getByRole('link', { name: /^New ID in use/ }).click();
      const steps = await view.calls.locator('.step').allInnerTexts();
      assert.deepEqual(steps[0], 'new ID');
      assert.deepEqual(steps.at(-1), 'refused');
      assert.deepEqual(steps.toSorted(), ['new ID', 'one step', 'refused', 'renewed']);
      const answer = view.page.getByRole('region', { name: 'Request', exact: true });
      const [, renewed] = fixture.simulator.assets().map(({ id }) => id);
      assert.match(await answer.innerText(), new RegExp(`"attachment_id": "${renewed ?? ''}"`));
      const pictures = messagesOf(fixture.simulator.state(), '1').filter(({ from }) => from === 'page');
      assert.equal(pictures.length, 3);
    });
  }

  it('revokes one ID, and sees which assets live and how often they were used', async () => {
    await view.write('picture');
    await view.write('picture');
    await view.write('logo');
    await view.tab('Assets');
    const assets = view.page.getByRole('list', { name: 'Saved assets' }).getByRole('listitem');
    assert.match(
      (await assets.nth(1).innerText()).replaceAll('\n', ' '),
      /tom\.jpg.* Used 2 times .*90 days/,
    );
    await control('Revoke the ID of tom.jpg').click();
    await assets.nth(1).getByText('revoked', { exact: true }).waitFor();
    assert.match((await assets.nth(0).innerText()).replaceAll('\n', ' '), /paw\.png.* Used 1 time .*90 days/);
    assert.equal(await assets.getByText('revoked', { exact: true }).count(), 1);
  });

  it('counts attachments sent, uploads, bytes and hits from the calls alone', async () => {
    for (const text of ['picture', 'picture', 'picture', 'picture']) await view.write(text);
    const shown = (name: string) =>
      view.page.locator('.stats div').filter({ hasText: name }).locator('dd').innerText();
    const { bytes = 0 } = fixture.simulator.assets()[0] ?? {};
    assert.equal(await shown('Attachments sent'), '4');
    assert.equal(await shown('Uploads'), '1');
    assert.equal(await shown('Hit rate'), '75 %');
    assert.equal(await shown('Bytes saved'), `${((3 * bytes) / 1000).toFixed(1)} kB`);
    assert.equal(await shown('Bytes up'), `${(fixture.simulator.totals().bytes / 1000).toFixed(1)} kB`);
  });

  it('lets a send by ID fail unless another call is chosen: no other call is asked for an ID', async () => {
    await control('Add fault').click();
    const waiting = view.page.getByRole('list', { name: 'Faults that wait' });
    await waiting.getByText('The next send by ID: error 100/2018074').waitFor();
  });

  it('closes the 24-hour window with each day, and opens it again', async () => {
    for (const days of ['+ 1 day', '+ 83 days', '+ 91 days']) {
      const id = await control(days).getAttribute('aria-describedby');
      assert.match(await view.page.locator(`#${id ?? ''}`).innerText(), /24-hour window/);
    }
    const send = async () => {
      const { status } = await fetch(`${fixture.simulator.httpUrl}/me/messages`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ ...fixture.credentials, recipient: { id: '1' }, message: { text: 'Hi' } }),
      });
      return status;
    };
    await control('+ 1 day').click();
    await request().getByText('{"advanceDays":1}').waitFor();
    assert.equal(await send(), 400);
    await control('Open the 24-hour window').click();
    await request().getByText('POST /_sim/window {"page":"1000000000000001","user":"1"}').waitFor();
    assert.equal(await send(), 200);
  });

  it('sees that an ID works again which a fault had refused', async () => {
    const { credentials, simulator } = fixture;
    const post = async (path: string, body: object): Promise<{ attachment_id?: string }> => {
      const answer = await fetch(`${simulator.httpUrl}/me/${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ ...credentials, ...body }),
      });
      return (await answer.json()) as { attachment_id?: string };
    };
    const url = `${simulator.httpUrl}/_sim/stickers/369239263222822`;
    const upload = { attachment: { type: 'image', payload: { url, is_reusable: true } } };
    const { attachment_id } = await post('message_attachments', { message: upload });
    simulator.addFaults({ purpose: 'send-id', error: { code: 100, subcode: 2018074 } });
    for (let sends = 0; sends < 2; sends++) {
      const message = { attachment: { type: 'image', payload: { attachment_id } } };
      await post('messages', { recipient: { id: '1' }, message });
    }
    await view.tab('Calls');
    const recovery = view.page.getByRole('region', { name: /^Recovery of/ });
    await recovery.getByRole('link', { name: /^Same ID in use/ }).waitFor();
    assert.equal(await recovery.getByText('waits for the bot').count(), 0);
  });

  it('lets the next call fail in the way that was chosen, and calls it off', async () => {
    const { page } = view;
    await page.getByLabel('What happens').selectOption('503 with a page of HTML');
    await page.getByLabel('To which call').selectOption('any upload');
    await control('Add fault').click();
    const waiting = page.getByRole('list', { name: 'Faults that wait' });
    await waiting.getByText('The next upload: another answer').waitFor();
    await view.write('picture');
    await waiting.waitFor({ state: 'detached' });
    assert.match((await outcomes()).join('\n'), /HTTP 503/);
    await view.tab('Controls');
    await page.getByLabel('What happens').selectOption('No answer ever');
    await control('Add fault').click();
    await control('Clear faults').click();
    await waiting.waitFor({ state: 'detached' });
    assert.deepEqual(fixture.simulator.faults(), []);
  });

  it('slows the network down', async () => {
    await control('300 ms').click();
    await view.page.locator('button[aria-pressed=true]', { hasText: '300 ms' }).waitFor();
    await view.write('Hello');
    const [call] = fixture.simulator.calls();
    assert.ok((call?.ms ?? 0) >= 299, `${call?.ms ?? 0} ms`);
    await control('Full speed').click();
    await view.page.locator('button[aria-pressed=true]', { hasText: 'Full speed' }).waitFor();
  });

  it('makes a person unreachable and reachable again, and shows which it is', async () => {
    const pressed = (hasText: RegExp) => view.page.locator('button[aria-pressed=true]', { hasText });
    await pressed(/^Reachable$/).waitFor();
    await control('Unreachable').click();
    await pressed(/^Unreachable$/).waitFor();
    await view.page.reload();
    await pressed(/^Unreachable$/).waitFor();
    await control('Reachable').click();
    await pressed(/^Reachable$/).waitFor();
  });

  it('takes the bot’s store down, and the bot goes on', async () => {
    const store = view.page.getByRole('switch');
    await store.click();
    await view.page.getByRole('switch', { name: 'The store is down' }).waitFor();
    await view.write('gif');
    await view.log.getByRole('img', { name: 'blink.gif' }).waitFor();
    await store.click();
    await view.page.getByRole('switch', { name: 'The store is up' }).waitFor();
  });

  it('adds a picture to the bot’s folder, and changes it', async () => {
    const { page } = view;
    await page.getByLabel('Add a picture').setInputFiles(MIA);
    const ask = control('Ask for it: mia.jpg');
    await ask.click();
    await view.log.getByRole('img', { name: 'mia.jpg' }).waitFor();
    await page.getByLabel('Replace mia.jpg', { exact: true }).setInputFiles({
      name: 'any.jpg',
      mimeType: 'image/jpeg',
      buffer: Buffer.concat([await readFile(MIA), Buffer.from('changed')]),
    });
    await request().getByText('PUT /_sim/bot/assets/mia.jpg').waitFor();
    await ask.click();
    await view.fromBot().nth(1).waitFor();
    assert.equal(fixture.simulator.assets().length, 2);
  });

  it('is told what the bot’s folder does not take', async () => {
    await view.page
      .getByLabel('Add a picture')
      .setInputFiles({ name: '..\\evil name.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('x') });
    await view.page.locator('.last-request .problem', { hasText: 'Expected a name of letters' }).waitFor();
    view.problems.splice(0); // The browser notes the answer 400.
  });

  it('is asked before everything starts over, and told that the bot keeps its IDs', async () => {
    await view.write('picture');
    await control('Start over…').click();
    const dialog = view.page.getByRole('dialog', { name: 'Start over?' });
    assert.match(await dialog.innerText(), /in every window/);
    assert.match(await dialog.innerText(), /The bot is not told\. Its store keeps the IDs that it knows/);
    await dialog.getByRole('button', { name: 'Keep everything' }).click();
    await dialog.waitFor({ state: 'hidden' });
    await control('Start over…').click();
    await view.page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    assert.equal(fixture.simulator.assets().length, 1);
    assert.equal(await view.fromBot().count(), 1);
  });

  it('starts over, and every window with it; the bot sends its picture again after its ID was refused', async () => {
    const other = await fixture.open(`?page=${CATS}&user=1&tab=assets`);
    await view.write('picture');
    await other.page.getByRole('list', { name: 'Saved assets' }).getByRole('listitem').waitFor();
    await control('Start over…').click();
    await view.page.getByRole('dialog').getByRole('button', { name: 'Start over' }).click();
    for (const { log } of [view, other]) await log.getByText('has not written to').waitFor();
    assert.equal(
      await other.page.getByRole('list', { name: 'Saved assets' }).getByRole('listitem').count(),
      0,
    );
    await view.write('picture');
    await view.log.getByRole('img', { name: 'tom.jpg' }).waitFor();
    // What the ID stood for is forgotten, too: nothing says that the picture is the same.
    const line = view.log.getByRole('link', { name: /^The bot could not send attachment \d+: 100\/2018074/ });
    await line.waitFor();
    await other.close();
  });
});
