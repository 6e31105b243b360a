import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { request } from 'undici';
import { readAsset } from '../support/files/assets';
import { listen } from '../support/platform/listen';
import { CATS, openUi, type UiFixture, type View } from './ui-fixture';

describe('A persona of the bot, on the simulator’s page,', () => {
  let fixture: UiFixture;
  let view: View;
  let pictures: Awaited<ReturnType<typeof listen>>;
  before(async () => {
    fixture = await openUi();
    const server = createServer((req, res) => {
      if (req.url === '/ada.png') res.setHeader('content-type', 'image/png').end(readAsset('paw.png'));
      else res.writeHead(404).end();
    });
    pictures = await listen(server);
  });
  after(async () => {
    await pictures.close();
    await fixture.close();
  });
  beforeEach(async () => {
    fixture.simulator.reset();
    fixture.simulator.openWindow({ page: CATS });
    view = await fixture.open(`?page=${CATS}&user=1`);
  });
  afterEach(async () => {
    assert.deepEqual(view.problems, [], 'the browser complained');
    await view.close();
  });

  it('is shown by name and picture above its messages, after it was deleted, too', async () => {
    const id = await addPersona('Ada Lovelace', 'ada.png');
    await send('I am Ada', id);
    await send('I am still Ada', id);
    await graph('DELETE', id);
    await send('I am the page');
    await view.fromBot().nth(2).waitFor();
    await view.page.reload();
    const [first, second, third] = [view.fromBot().nth(0), view.fromBot().nth(1), view.fromBot().nth(2)];
    await first.getByText('Ada Lovelace').waitFor();
    const width = await first.locator('.sender img').evaluate(async (element) => {
      const image = element as unknown as { decode(): Promise<void>; naturalWidth: number };
      await image.decode();
      return image.naturalWidth;
    });
    assert.ok(width > 0, 'the picture is there');
    assert.equal(await second.locator('.sender').count(), 0);
    assert.equal(await third.locator('.sender').innerText(), 'Tom and Mia');
  });

  it('has its initials where its picture cannot be fetched', async () => {
    await send('I am Alan', await addPersona('Alan Mathison Turing', 'missing.png'));
    const sender = view.fromBot().locator('.sender');
    await sender.getByText('AT', { exact: true }).waitFor();
    assert.match(await sender.innerText(), /Alan Mathison Turing/);
  });

  async function addPersona(name: string, picture: string): Promise<string> {
    const url = `http://localhost:${pictures.port}/${picture}`;
    return String((await graph('POST', 'me/personas', { name, profile_picture_url: url }))['id']);
  }

  async function send(text: string, persona?: string): Promise<void> {
    await graph('POST', 'me/messages', {
      recipient: { id: '1' },
      message: { text },
      ...(persona !== undefined && { persona_id: persona }),
    });
  }

  /** As the bot's page. */
  async function graph(
    method: 'POST' | 'DELETE',
    path: string,
    params = {},
  ): Promise<Record<string, unknown>> {
    const { statusCode, body } = await request(`${fixture.simulator.httpUrl}/v25.0/${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...fixture.credentials, ...params }),
    });
    const answer = (await body.json()) as Record<string, unknown>;
    assert.equal(statusCode, 200, JSON.stringify(answer));
    return answer;
  }
});
