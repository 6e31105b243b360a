import { type BrowserContext, type BrowserContextOptions, type Locator, type Page } from 'playwright-core';
import { type SimulatorState } from 'messenger-platform-simulator';
import { openPlayground, type Playground } from '../../example-bot/playground';
import { launch } from './chromium';

export const [CATS, NEIGHBOURS] = ['1000000000000001', '1000000000000002'] as const;

export interface UiFixture extends Playground {
  /** The page in a browser window of its own. What goes wrong in it fails the test that asks for `problems`. */
  open(query?: string, options?: BrowserContextOptions, address?: string): Promise<View>;
}

/** The example bot, the simulator and a browser. */
export async function openUi(): Promise<UiFixture> {
  const [playground, browser] = await Promise.all([openPlayground(), launch()]);
  const { simulator } = playground;
  return {
    ...playground,
    open: async (query = '', options = {}, address = simulator.httpUrl) => {
      const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
      const page = await context.newPage();
      const view = new View(page, context);
      await page.goto(`${address}/${query}`);
      await page.locator('[role=log]').waitFor({ state: 'attached' });
      return view;
    },
    close: async () => {
      await browser.close();
      await playground.close();
    },
  };
}

/** A person in front of the page. */
export class View {
  readonly page: Page;
  /** Whatever the browser complained about: errors, and what the Content-Security-Policy has stopped. */
  readonly problems: string[] = [];
  readonly #context: BrowserContext;

  constructor(page: Page, context: BrowserContext) {
    this.page = page;
    this.#context = context;
    page.on('pageerror', ({ message }) => this.problems.push(message));
    page.on('console', (message) => {
      if (message.type() === 'error') this.problems.push(message.text());
    });
  }

  get log(): Locator {
    return this.page.getByRole('log');
  }

  get calls(): Locator {
    return this.page.getByRole('list', { name: 'Graph API calls' }).getByRole('listitem');
  }

  /** Writes, and waits until the bot has got it and everything that it sent is on the page. */
  async write(text: string): Promise<void> {
    const before = await this.fromBot().count();
    await this.page.getByRole('textbox', { name: /^Message of/ }).fill(text);
    await this.page.keyboard.press('Enter');
    await this.fromBot().nth(before).waitFor();
    await this.log.getByText('Delivered', { exact: true }).waitFor();
  }

  /** What the bot has sent. */
  fromBot(): Locator {
    return this.log.locator('.from-page');
  }

  tab(name: 'Chat' | 'Calls' | 'Assets' | 'Controls'): Promise<void> {
    return this.page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name }).click();
  }

  close(): Promise<void> {
    return this.#context.close();
  }
}

export function messagesOf({ threads }: SimulatorState, user: string, page: string = CATS) {
  return threads.find((thread) => thread.user === user && thread.page === page)?.messages ?? [];
}
