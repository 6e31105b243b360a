import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { InputError } from './base/check';
import { problemOf } from './base/thrown';
import { loadConfig } from './config/load';
import { type SimulatorConfig } from './config/schema';
import { type Simulator, type SimulatorOptions, startSimulator } from './index';
import { confirmWebhook, type DeliveryOptions } from './launch/confirm-webhook';
import {
  botEnvironment,
  type Environment,
  type EnvironmentFormat,
  formatEnvironment,
} from './launch/environment';
import { launch } from './launch/launch';
import { isPortInUse } from './launch/port-in-use';
import { openInBrowser } from './launch/open-in-browser';
import { DEMO_PAGE, type PageOptions } from './platform/model';
import { type WebhookOptions } from './platform/webhook';

/** Without `--verify-token`, also of the handshake that is asked for in the control API. */
const VERIFY_TOKEN = 'demo-verify-token';

/** Milliseconds that a bot has to confirm its webhook before a task, such as a replay, is given up. */
const READY_TIMEOUT = 30_000;

/** Tried first; if one is taken and was not asked for, any other. */
const USUAL_PORTS = { port: 8443, httpPort: 8080 };

/** Where a bot listens, if the environment does not say. */
const BOT_PORT = 3000;

export interface RunOptions {
  config?: string;
  page?: PageOptions[];
  webhook?: string;
  verifyToken?: string;
  port?: number;
  httpPort?: number;
  host?: string;
  allowHost?: string[];
  openWindows?: true;
  rateLimits?: true;
  idsInAttachments?: true;
  caFile?: string;
  watch?: true;
  open?: true;
  env?: EnvironmentFormat;
}

/** Of the command line and the configuration file. */
interface Settings {
  simulator: SimulatorOptions;
  /** Undefined: a bot that is started here is looked for. */
  webhookUrl: string | undefined;
  /** Undefined: none was asked for. */
  verifyToken: string | undefined;
  /** What else is configured of the webhook. */
  delivery: DeliveryOptions;
}

/** What is done once the bot is ready, instead of waiting for somebody to chat with it. Resolves with the exit code. */
export type Task = (simulator: Simulator) => Promise<number>;

/**
 * Runs the simulator until a signal; with a command, until the bot that this starts has ended; with a task, until that
 * is done.
 *
 * @returns The exit code.
 */
export async function run(options: RunOptions, command: readonly string[], task?: Task): Promise<number> {
  const settings = settingsFrom(await loadConfig(options.config), options);
  checkTogether(settings, options, command, task);
  const simulator = await startOnFreePorts(settings.simulator, USUAL_PORTS).catch((error: unknown) => {
    throw isHostError(error) ? wrongHost(settings.simulator.host, options) : error;
  });
  const folder = await mkdtemp(path.join(tmpdir(), 'messenger-platform-simulator-'));
  try {
    if (options.caFile !== undefined) await saveAuthority(options.caFile, simulator.ca);
    const [page = DEMO_PAGE] = settings.simulator.pages ?? [];
    const port = process.env['PORT'] || portOf(settings.webhookUrl) || String(BOT_PORT);
    const environment = botEnvironment({
      page,
      verifyToken: settings.verifyToken ?? VERIFY_TOKEN,
      port,
      host: simulator.host,
      httpUrl: simulator.httpUrl,
      caFile: await writeAuthorities(folder, simulator.ca),
    });
    if (command.length > 0) {
      return await runBot(simulator, { command, environment, port, task }, settings, options);
    }
    if (task) return await task(simulator);
    await runAlone(simulator, environment, settings, options);
    return 0;
  } finally {
    await simulator.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function settingsFrom({ webhook: configured, ...config }: SimulatorConfig, options: RunOptions): Settings {
  const { page, port, httpPort, host, allowHost } = options;
  const {
    url,
    verifyToken: configuredToken,
    ...delivery
  }: Partial<WebhookOptions> = typeof configured === 'string' ? { url: configured } : { ...configured };
  const { webhook: webhookUrl = url, verifyToken = configuredToken } = options;
  const simulator: SimulatorOptions = {
    ...config,
    ...(page && { pages: page }),
    ...(port !== undefined && { port }),
    ...(httpPort !== undefined && { httpPort }),
    ...(host !== undefined && { host }),
    ...(allowHost && { allowHosts: allowHost }),
    ...(options.openWindows && { windows: 'open' as const }),
    ...(options.rateLimits && { rateLimits: true }),
    ...(options.idsInAttachments && { idsInAttachments: 'accepted' as const }),
    ...(webhookUrl !== undefined && {
      webhook: { ...delivery, url: webhookUrl, verifyToken: verifyToken ?? VERIFY_TOKEN },
    }),
  };
  return { simulator, webhookUrl, verifyToken, delivery };
}

function checkTogether(
  { webhookUrl, verifyToken }: Settings,
  { env, watch }: RunOptions,
  command: readonly string[],
  task: Task | undefined,
): void {
  const hasCommand = command.length > 0;
  if (task && webhookUrl === undefined && !hasCommand) {
    throw new InputError(
      'Expected a command that starts the bot, such as -- node bot.js, or --webhook; got neither',
    );
  }
  if (verifyToken !== undefined && webhookUrl === undefined && !hasCommand) {
    throw new InputError('Expected --verify-token to come with --webhook or a command');
  }
  if (watch && !hasCommand) throw new InputError('Expected --watch to come with a command');
  if (env && hasCommand) throw new InputError('Expected --env or a command, which gets the variables anyway');
}

async function startOnFreePorts(options: SimulatorOptions, defaults: typeof USUAL_PORTS): Promise<Simulator> {
  try {
    return await startSimulator({ ...defaults, ...options });
  } catch (error) {
    const { code, port } = error as NodeJS.ErrnoException & { port?: number };
    const taken = (['port', 'httpPort'] as const).find(
      (name) => options[name] === undefined && defaults[name] === port && port !== 0,
    );
    if (code !== 'EADDRINUSE' || port === undefined) throw error;
    if (!taken) throw new Error(portTaken(port, options), { cause: error });
    return startOnFreePorts(options, { ...defaults, [taken]: 0 });
  }
}

/** Of a name that means nothing, or an address that is another machine's. */
function isHostError(error: unknown): boolean {
  const { code = '' } = error as NodeJS.ErrnoException;
  return ['ENOTFOUND', 'EAI_AGAIN', 'EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes(code);
}

function wrongHost(host: string | undefined, options: RunOptions): InputError {
  const name = options.host === undefined ? '"host" in the configuration' : '--host';
  return new InputError(`Expected ${name} to be an address of this machine, got "${host ?? ''}"`);
}

async function saveAuthority(file: string, ca: string): Promise<void> {
  await writeFile(file, ca).catch((error: unknown) => {
    throw new InputError(`Expected --ca-file to be a file that can be written: ${problemOf(error)}`);
  });
}

function portTaken(port: number, { port: httpsPort, httpPort }: SimulatorOptions): string {
  const chosenBy = [...(httpsPort === port ? ['--port'] : []), ...(httpPort === port ? ['--http-port'] : [])];
  return `Port ${port} is already in use. Choose another with ${chosenBy.join(' or ')}; 0 takes any free port.`;
}

/** The simulator's, and those that the shell has Node trust already. */
async function writeAuthorities(folder: string, ca: string): Promise<string> {
  const file = path.join(folder, 'ca.pem');
  const others = process.env['NODE_EXTRA_CA_CERTS'];
  const trusted = others ? await readFile(others, 'utf8').catch(() => '') : '';
  await writeFile(file, `${ca.trim()}\n${trusted}`);
  return file;
}

interface Bot {
  command: readonly string[];
  environment: Environment;
  port: string;
  task: Task | undefined;
}

async function runBot(
  simulator: Simulator,
  { command, environment, port, task }: Bot,
  { webhookUrl, verifyToken = VERIFY_TOKEN, delivery }: Settings,
  { watch, open }: RunOptions,
): Promise<number> {
  if (await isPortInUse(port)) {
    report(
      `Port ${port} is already in use, perhaps by a bot that is still running. ` +
        'Messages may go to that program. End it, or set PORT to another port.',
    );
  }
  let outcome: Promise<number> | undefined;
  const givingUp = new AbortController();
  const giveUp = () => {
    report(
      `The bot has not confirmed its webhook within ${READY_TIMEOUT / 1000} s, so it is ended. It should listen at ` +
        `${webhookUrl ?? `port ${port}`} and answer GET with hub.challenge if hub.verify_token is the value of ` +
        'FACEBOOK_VERIFY_TOKEN.',
    );
    givingUp.abort(1);
  };
  const timer = task && setTimeout(giveUp, READY_TIMEOUT);
  const code = await launch(simulator, {
    command,
    env: { ...process.env, ...environment },
    webhook: { url: webhookUrl, port, verifyToken, delivery },
    watch: watch && process.cwd(),
    report,
    stop: givingUp.signal,
    onReady: async () => {
      clearTimeout(timer);
      if (task) {
        outcome = task(simulator);
        return outcome.catch(() => 1); // It is thrown below, when the bot has ended.
      }
      report(`Chat with your bot at ${simulator.httpUrl}`);
      if (open) void openInBrowser(simulator.httpUrl, report);
      return undefined;
    },
  }).finally(() => {
    clearTimeout(timer);
  });
  if (!task) return code;
  // A bot that ends before it is ready has failed, whatever its own code.
  return outcome ?? (code || 1);
}

function portOf(url: string | undefined): string {
  return url !== undefined && URL.canParse(url) ? new URL(url).port : '';
}

async function runAlone(
  simulator: Simulator,
  environment: Environment,
  settings: Settings,
  options: RunOptions,
): Promise<void> {
  const ended = Promise.race(['SIGINT', 'SIGTERM'].map((signal) => once(process, signal)));
  console.log(
    options.env ? formatEnvironment(environment, options.env) : greeting(simulator, settings, options),
  );
  if (options.env) report(`Runs until Ctrl+C. Chat with your bot at ${simulator.httpUrl}`);
  if (options.open) void openInBrowser(simulator.httpUrl, report);
  const closing = new AbortController();
  const { webhookUrl: url, verifyToken, delivery } = settings;
  if (verifyToken !== undefined) {
    void confirmWebhook(simulator, { url, port: '', verifyToken, delivery }, report, closing.signal).then(
      (confirmed) => {
        if (confirmed !== undefined) report('The bot has confirmed its webhook.');
      },
    );
  }
  await ended;
  closing.abort();
}

/** Beside what a bot prints, and apart from what is printed for programs. */
function report(line: string): void {
  console.error(`[simulator] ${line}`);
}

function greeting(simulator: Simulator, settings: Settings, { caFile }: RunOptions): string {
  const { url, httpUrl, host } = simulator;
  const ids = simulator
    .state()
    .pages.map(({ id, hasSecret }) => (hasSecret ? `${id} (with an app secret)` : id));
  const demo = settings.simulator.pages
    ? []
    : [
        `Its token      ${DEMO_PAGE.token}`,
        `Its app secret ${DEMO_PAGE.secret}, for the webhooks' signatures`,
      ];
  const verification =
    settings.webhookUrl !== undefined && settings.verifyToken === undefined
      ? [`Verify token   ${VERIFY_TOKEN}`]
      : [];
  const trust =
    caFile === undefined
      ? 'start again with --ca-file ca.pem'
      : `NODE_EXTRA_CA_CERTS=${caFile} for Node, --cacert ${caFile} for curl`;
  return [
    'The Messenger Platform is simulated at',
    `UI             ${httpUrl}`,
    `Graph API      ${url} and ${httpUrl}`,
    `For Botkit     api_host: '${host}'`,
    `To trust it    ${trust}`,
    `Control API    ${httpUrl}/_sim/state`,
    `Pages          ${ids.join(', ')}`,
    ...demo,
    ...verification,
  ].join('\n');
}
