import assert from 'node:assert/strict';
import path from 'node:path';
import { startSimulator, type Simulator } from 'messenger-platform-simulator';
import { openUi, type UiFixture } from './ui-fixture';

const PICTURE = path.join(__dirname, '../../example-bot/assets/cats/mia.jpg');

describe('People with a name, on the simulator’s page,', () => {
  let fixture: UiFixture;
  let simulator: Simulator;
  before(async () => {
    fixture = await openUi();
    simulator = await startSimulator({
      people: [
        { id: '501', name: 'Ada Lovelace', picture: PICTURE },
        { id: '502', name: 'Alan Mathison Turing' },
      ],
    });
  });
  after(async () => {
    await simulator.close();
    await fixture.close();
  });

  it('are listed before they write, with picture or initials, and the first one’s chat is open', async () => {
    const view = await fixture.open('', {}, simulator.httpUrl);
    const people = view.page.getByRole('navigation', { name: 'People' });
    await view.page.getByRole('heading', { name: 'Ada Lovelace' }).waitFor();
    const ada = people.getByRole('link', { name: 'Ada Lovelace' });
    const width = await ada.locator('img').evaluate(async (element) => {
      const image = element as unknown as { decode(): Promise<void>; naturalWidth: number };
      await image.decode();
      return image.naturalWidth;
    });
    assert.ok(width > 0, 'the picture is there');
    const alan = people.getByRole('link', { name: 'Alan Mathison Turing' });
    assert.equal(await alan.locator('.avatar').innerText(), 'AT');
    await alan.click();
    await view.page.getByRole('textbox', { name: 'Message of Alan Mathison Turing' }).waitFor();
    assert.match(view.page.url(), /user=502/);
    assert.deepEqual(view.problems, []);
    await view.close();
  });

  it('have the name that the Graph API gives them, if the configuration gives none', async () => {
    const view = await fixture.open('?user=7');
    const query = new URLSearchParams({ ...fixture.credentials, fields: 'name' }).toString();
    const response = await fetch(`${fixture.simulator.httpUrl}/7?${query}`);
    const { name } = (await response.json()) as { name: string };
    assert.equal(name, 'Test User 7');
    await view.page.getByRole('heading', { name, exact: true }).waitFor();
    await view.page.getByRole('navigation', { name: 'People' }).getByText(name, { exact: true }).waitFor();
    assert.deepEqual(view.problems, []);
    await view.close();
  });

  it('can be chosen where there is no room for the list', async () => {
    const view = await fixture.open('', { viewport: { width: 390, height: 800 } }, simulator.httpUrl);
    await view.page.getByRole('combobox', { name: 'Person' }).selectOption('Alan Mathison Turing');
    await view.page.getByRole('heading', { name: 'Alan Mathison Turing' }).waitFor({ state: 'attached' });
    assert.deepEqual(view.problems, []);
    await view.close();
  });
});
