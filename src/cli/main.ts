#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { run } from './run';
import { EXIT } from './upload';

/** Milliseconds within which a second signal counts as the same: npm passes on what the terminal has sent already. */
const SAME_SIGNAL_WINDOW = 500;

/** Milliseconds after which the process ends although a store that is closed keeps it alive. */
const EXIT_DELAY = 1_000;

const stop = new AbortController();
let stoppedAt = 0;

function interrupt(): void {
  if (!stop.signal.aborted) {
    stoppedAt = Date.now();
    stop.abort();
    return;
  }
  if (Date.now() - stoppedAt < SAME_SIGNAL_WINDOW) return;
  // A bar leaves the cursor behind it.
  if (process.stderr.isTTY) process.stderr.write('\n');
  process.exit(EXIT.interrupted);
}

process.on('SIGINT', interrupt);
process.on('SIGTERM', interrupt);

// The reader of the output may have had enough, as `head` has.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? EXIT.good : EXIT.failed);
});

// As a bot has it that loads the file itself; what the environment has goes before.
try {
  if (existsSync('.env')) process.loadEnvFile();
} catch (error) {
  process.stderr.write(`The file .env cannot be read: ${(error as Error).message}\n`);
}

// Until it is known better: a process that runs out of things to wait for has not done its work.
process.exitCode = EXIT.failed;

void run(process.argv.slice(2), {
  env: process.env,
  folder: process.cwd(),
  stdout: process.stdout,
  stderr: process.stderr,
  signal: stop.signal,
}).then((code) => {
  process.exitCode = code;
  setTimeout(() => {
    process.exit();
  }, EXIT_DELAY).unref();
});
