import { type Command } from 'commander';
import { InputError } from '../base/check';
import { createCaller } from './caller';
import { type Known } from './case';
import { CASES } from './cases';
import { saveRecord } from './record';
import { type CaseResult, runCases } from './run';

interface ConformanceOptions {
  apiHost: string;
  apiVersion: string;
  imageUrl: string;
  messages: boolean;
  record?: string;
}

/** Meta's own, from the sample requests of its Postman collection. */
const IMAGE_URL =
  'https://raw.githubusercontent.com/fbsamples/original-coast-clothing-ig/refs/heads/main/public/logo.png';

const ENVIRONMENT = `
Environment:
  FACEBOOK_ACCESS_TOKEN               access token of the page; there is no option for it, because others can see command lines
  FACEBOOK_PERSON_ID                  page-scoped ID of a person who has written in the last 24 hours; receives the messages
  FACEBOOK_APP_SECRET                 optional: app secret
  FACEBOOK_PERSON_OUTSIDE_WINDOW_ID   optional: one who has written, but not in the last 24 hours; receives nothing.
                                      Against the simulator: an ID that is neither 1 to 9 nor in the people of its
                                      configuration, who are inside the 24 hours when it starts

Exit codes:
  0  every answer is as expected
  1  an answer differs
  2  the command line is wrong`;

/** `messenger-platform-simulator conformance` */
export function addConformanceCommand(program: Command): void {
  program
    .command('conformance')
    .description('compares the answers of the real platform with the rules of the simulator')
    .requiredOption(
      '--api-host <host>',
      'host to send the requests to: graph.facebook.com, or http://localhost:8080',
    )
    .option('--api-version <version>', 'version of the Graph API', 'v25.0')
    .option('--image-url <url>', 'address of a picture that the platform can fetch', IMAGE_URL)
    .option('--no-messages', 'leaves out the requests that send the person a message')
    .option(
      '--record <file>',
      'saves requests and answers as JSON, without secrets and without IDs of page and person',
    )
    .addHelpText('after', ENVIRONMENT)
    .action(async (options: ConformanceOptions, command: Command) => {
      try {
        process.exitCode = await compare(options, process.env);
      } catch (error) {
        if (error instanceof InputError) command.error(error.message, { exitCode: 2 });
        throw error;
      }
    });
}

/** Returns the exit code. */
async function compare(options: ConformanceOptions, env: NodeJS.ProcessEnv): Promise<number> {
  const { apiHost, apiVersion, imageUrl, messages, record } = options;
  const { FACEBOOK_APP_SECRET: appSecret, FACEBOOK_PERSON_OUTSIDE_WINDOW_ID: personOutsideWindow } = env;
  const token = variable(env, 'FACEBOOK_ACCESS_TOKEN');
  const known: Known = {
    person: variable(env, 'FACEBOOK_PERSON_ID'),
    imageUrl,
    ...(appSecret && { appSecret }),
    ...(personOutsideWindow && { personOutsideWindow }),
  };
  const caller = createCaller({ origin: originOf(apiHost), apiVersion, token, appSecret });
  const cases = messages ? CASES : CASES.filter(({ delivers }) => !delivers);
  const deliveries = cases.filter(({ delivers }) => delivers).length;
  console.log(
    `${apiHost} ${apiVersion}; the person receives ${deliveries} messages if every answer is as expected.\n`,
  );

  const results: CaseResult[] = [];
  for await (const result of runCases(cases, caller, known)) {
    results.push(result);
    console.log(lines(result));
  }
  if (record !== undefined) {
    const secrets = [token, appSecret, known.person, personOutsideWindow].filter((secret) => !!secret);
    await saveRecord(record, { apiHost, apiVersion }, results, secrets as string[]);
  }
  const count = (wanted: CaseResult['outcome']) => results.filter(({ outcome }) => outcome === wanted).length;
  const different = count('different');
  console.log(`\n${count('as expected')} as expected, ${different} different, ${count('skipped')} skipped`);
  return different > 0 ? 1 : 0;
}

function lines({ case: { name, source }, outcome, remarks, answer }: CaseResult): string {
  const details =
    outcome === 'different'
      ? [
          ...remarks,
          ...(answer ? [`answer: ${JSON.stringify(answer.body).slice(0, 500)}`] : []),
          `source: ${source}`,
        ]
      : remarks;
  return [`${outcome.padEnd(11)}  ${name}`, ...details.map((line) => `${' '.repeat(13)}${line}`)].join('\n');
}

function variable(env: NodeJS.ProcessEnv, name: string): string {
  const value = env[name];
  if (value) return value;
  throw new InputError(`Expected ${name} in the environment, got nothing`);
}

/** The token goes in clear text to this machine only. */
function originOf(apiHost: string): string {
  const address = apiHost.includes('://') ? apiHost : `https://${apiHost}`;
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const isSafe =
    url?.protocol === 'https:' ||
    (url?.protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname));
  if (url && isSafe && url.pathname === '/') return url.origin;
  throw new InputError(
    `Expected --api-host to be a host such as graph.facebook.com, or an http address of this machine, got ${JSON.stringify(apiHost)}`,
  );
}
