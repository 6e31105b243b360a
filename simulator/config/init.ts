import { writeFile } from 'node:fs/promises';
import { type Command } from 'commander';
import { CONFIG_FILES } from './load';
import { ConfigError, type SimulatorConfig } from './schema';

/** Right for a bot as it is; what else can be set stands in the README. */
const STARTER: SimulatorConfig = {
  pages: [
    {
      id: '1000000000000001',
      name: 'My page',
      token: 'my-page-token',
      secret: 'my-app-secret',
      requireProof: false,
    },
  ],
  people: [
    { id: '1', name: 'Ada Lovelace', locale: 'en_GB', timezone: 0 },
    { id: '2', name: 'Alan Turing', locale: 'en_GB', timezone: 0 },
  ],
  windows: 'platform',
  rateLimits: false,
};

/** `messenger-platform-simulator init` */
export function addInitCommand(program: Command): void {
  const [file = ''] = CONFIG_FILES;
  program
    .command('init')
    .description(`writes ${file} to start from: a page, and people with names`)
    .action(async () => {
      const text = `${JSON.stringify(STARTER, undefined, 2)}\n`;
      await writeFile(file, text, { flag: 'wx' }).catch((error: unknown) => {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
        throw new ConfigError(`There is a ${file} already; it stays as it is`);
      });
      console.log(
        `Wrote ${file}. Start your bot with it: npx messenger-platform-simulator -- node bot.js\n` +
          `If you start the bot elsewhere, add its address: "webhook": "http://localhost:3000/webhook"`,
      );
    });
}
