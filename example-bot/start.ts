/** `npm start`: the example bot and a page to chat with it. */
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { InputError } from 'messenger-platform-simulator';
import { openPlayground } from './playground';

const USAGE = `Usage: npm start -- [--port PORT] [--bot-port PORT]

  --port PORT      of the page. Default: 8080; 0: any free port
  --bot-port PORT  of the bot. Default: any free port`;

async function main(): Promise<void> {
  const settings = readArguments();
  if (!settings) {
    console.log(USAGE);
    return;
  }
  const waiting = new AbortController();
  const ended = Promise.race(['SIGINT', 'SIGTERM'].map((signal) => once(process, signal, waiting)));
  const playground = await openPlayground(settings);
  console.log(`Open ${playground.simulator.httpUrl} and chat with the bot: write help. Ctrl+C ends it.`);
  await ended;
  waiting.abort();
  await playground.close();
}

function readArguments(): { port: number; botPort: number } | undefined {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ options: { port: text, 'bot-port': text, help: { type: 'boolean' } } });
  const { port = '8080', 'bot-port': botPort = '0', help = false } = values;
  if (help) return undefined;
  return { port: portFrom('--port', port), botPort: portFrom('--bot-port', botPort) };
}

function portFrom(name: string, value: string): number {
  const port = Number(value);
  if (/^\d+$/.test(value) && port <= 65_535) return port;
  throw new InputError(`Expected ${name} to be a port from 0 to 65535, got "${value}"`);
}

main().catch((error: unknown) => {
  console.error(problemIn(error));
  process.exitCode = 1;
});

function problemIn(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') {
    return `${error.message}. For another port: npm start -- --port 8081`;
  }
  return error instanceof TypeError ? error.message : error;
}
