import { readFile } from 'node:fs/promises';
import { type Command } from 'commander';
import { InputError } from './base/check';
import { problemOf } from './base/thrown';
import { type Transcript } from './control/transcript';
import { run, type RunOptions } from './run';
import { ConversationError } from './testing/errors';

interface ReplayCommandOptions extends RunOptions {
  user: string;
  timeout: string;
}

/** `messenger-platform-simulator replay`: a saved conversation as a test of the bot. */
export function defineReplay(command: Command): void {
  command
    .usage('[options] <transcript.json> [-- command…]')
    .description(
      'repeats what the person does in a transcript, and ends with 1 if the bot answers differently; ' +
        'see docs/testing.md',
    )
    .argument('<transcript>', 'a file, as the UI and the control API save it')
    .argument('[command...]', 'starts the bot; without it, the bot listens at --webhook')
    .option('--user <id>', 'who repeats it', '1')
    .option('--timeout <ms>', 'how long to wait for each answer', '4000')
    .action(
      async (file: string, botCommand: string[], { user, timeout, ...options }: ReplayCommandOptions) => {
        const transcript = await readTranscript(file);
        const settings = { port: 0, httpPort: 0, ...options };
        process.exitCode = await run(settings, botCommand, async (simulator) => {
          const [page] = simulator.state().pages;
          try {
            const person = simulator.person(user, { page: page?.id, timeout: parseTimeout(timeout) });
            const { length } = await person.replays(transcript);
            console.log(`The bot does the same as in ${file} (${length} entries).`);
            return 0;
          } catch (error) {
            if (!(error instanceof ConversationError)) throw error;
            console.error(error.message);
            return 1;
          }
        });
      },
    );
}

async function readTranscript(file: string): Promise<Transcript> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Transcript; // `replays` looks at it.
  } catch (error) {
    throw new InputError(`${file} cannot be read: ${problemOf(error)}`);
  }
}

function parseTimeout(text: string): number {
  const timeout = Number(text);
  if (Number.isInteger(timeout) && timeout > 0) return timeout;
  throw new InputError(`Expected --timeout to be milliseconds above 0, got "${text}"`);
}
