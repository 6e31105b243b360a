import { existsSync } from 'node:fs';
import { DEFAULT_API_HOST, DEFAULT_API_VERSION, isApiHost, type PageAccount } from '../../adapter/connect';
import { isRecord } from '../../base/records';
import { connectionAdvice, describeConnectionError } from '../../graph/connection-errors';
import { Connections } from '../../graph/connections';
import { isGraphError } from '../../graph/errors';
import { image } from '../../message/builders';
import { FacebookAttachmentCache } from '../../plugin';
import { checkAccessToken, checkAppSecret } from '../command-options';
import { reasonOf } from '../printer';
import { failed, ok, skipped, warning, type Check } from './check';
import { isInEnvFile, tokensInEnvFile } from './environment';
import type { Dispatcher } from 'undici';
import type { PageClient } from '../../adapter/connect';

export interface PlatformOptions {
  readonly account: Omit<PageAccount, 'accessToken'> & { readonly accessToken: string | undefined };
  /** The page that the token is expected to belong to. */
  readonly page: string | undefined;
  /** Whether a picture may be uploaded. */
  readonly upload: boolean;
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  /** Default: as the plugin does it. */
  readonly dispatcher: Dispatcher | undefined;
}

/** Milliseconds. */
const ANSWER_TIMEOUT = 10_000;

const HOST_CURE = `Give a host such as ${DEFAULT_API_HOST} or localhost:8443, without https:// and path, in FACEBOOK_API_HOST or with --api-host.`;
const NETWORK_CURE = 'Check the network, the proxy (HTTPS_PROXY, NO_PROXY) and FACEBOOK_API_HOST.';
const TOKEN_CURE =
  'Create a page access token in the app’s dashboard (Messenger, API settings), and set FACEBOOK_ACCESS_TOKEN.';
const SECRET_CURE =
  'Set FACEBOOK_APP_SECRET to the app secret of the token’s app (dashboard, App settings, Basic).';

/** One pixel. */
const PICTURE = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

/** Whether the Graph API can be reached, and takes the token and the secret. */
export async function checkPlatform(options: PlatformOptions): Promise<Check[]> {
  const api = await checkApi(options);
  const isReached = api.every(({ outcome }) => outcome === 'ok' || outcome === 'warning');
  return [...api, ...(await checkAccount(options, isReached))];
}

/** Asks without a token: what answers, and by which certificate, does not depend on one. */
async function checkApi(options: PlatformOptions): Promise<Check[]> {
  const { account, dispatcher } = options;
  const { apiHost: host = DEFAULT_API_HOST, apiVersion: version = DEFAULT_API_VERSION } = account;
  const names = { host: 'API host', certificate: 'certificate', version: 'API version' };
  if (!isApiHost(host)) {
    return [
      failed(names.host, `${JSON.stringify(host)} is not a host`, HOST_CURE),
      skipped(names.certificate, 'there is no host'),
      skipped(names.version, 'there is no host'),
    ];
  }
  const connections = new Connections(dispatcher);
  try {
    const { headers, body } = await connections.dispatcher().request({
      origin: `https://${host}`,
      path: `/${version}/me`,
      method: 'GET',
      headersTimeout: ANSWER_TIMEOUT,
      bodyTimeout: ANSWER_TIMEOUT,
    });
    const answer = await body.text();
    const certificate = ok(names.certificate, 'it is trusted');
    if (!isGraphAnswer(answer)) {
      return [
        failed(names.host, `${host} answers, but it is not the Graph API`, HOST_CURE),
        certificate,
        skipped(names.version, 'the Graph API did not answer'),
      ];
    }
    return [ok(names.host, host), certificate, checkVersion(names.version, version, headers)];
  } catch (error) {
    return [...unreached(names, host, error, options), skipped(names.version, 'there was no answer')];
  } finally {
    await connections.close();
  }
}

function unreached(
  names: { readonly host: string; readonly certificate: string },
  host: string,
  error: unknown,
  options: PlatformOptions,
): Check[] {
  const detail = describeConnectionError(error);
  const advice = connectionAdvice(error);
  if (!advice?.startsWith('Its certificate')) {
    return [
      failed(names.host, `${host} cannot be reached: ${detail}`, advice ?? NETWORK_CURE),
      skipped(names.certificate, 'there was no answer'),
    ];
  }
  return [
    ok(names.host, `${host} answers`),
    failed(names.certificate, detail, certificateCure(advice, options)),
  ];
}

/** Why the authority is not known, although the environment may name it. */
function certificateCure(advice: string, { env, folder }: PlatformOptions): string {
  const variable = 'NODE_EXTRA_CA_CERTS';
  const file = env[variable];
  if (isInEnvFile(folder, variable)) {
    return `${advice} In .env it comes too late: Node reads ${variable} when it starts.`;
  }
  if (file !== undefined && !existsSync(file))
    return `${advice} It names ${JSON.stringify(file)}, which is not there.`;
  return advice;
}

/** Facebook serves a retired version by the oldest that is still usable, and says so in a header only. */
function checkVersion(name: string, version: string, headers: Dispatcher.ResponseData['headers']): Check {
  const { 'facebook-api-version': served } = headers;
  if (typeof served !== 'string' || served === version) return ok(name, version);
  return warning(
    name,
    `${version} was requested, but ${served} answered: ${version} is not served, usually because it is retired`,
    `Use ${DEFAULT_API_VERSION}: \`api_version\` of the adapter, \`apiVersion\` of \`connect\`, --api-version here.`,
  );
}

function isGraphAnswer(text: string): boolean {
  try {
    const answer: unknown = JSON.parse(text);
    return isRecord(answer) && (isRecord(answer.error) || 'id' in answer);
  } catch {
    return false;
  }
}

async function checkAccount(options: PlatformOptions, isReached: boolean): Promise<Check[]> {
  const { account, dispatcher } = options;
  const { accessToken } = account;
  const cache = new FacebookAttachmentCache(dispatcher && { dispatcher });
  try {
    if (accessToken === undefined) return withoutToken(options);
    const problem = problemOf(() => {
      checkAccessToken(accessToken);
    });
    if (problem !== undefined)
      return withoutUpload(failed('token', problem, TOKEN_CURE), skipped('app secret', 'there is no token'));
    if (!isReached)
      return withoutUpload(
        skipped('token', 'the Graph API cannot be reached'),
        skipped('app secret', 'the Graph API cannot be reached'),
      );
    const badSecret = problemOf(() => {
      checkAppSecret(account.appSecret);
    });
    if (badSecret !== undefined)
      return withoutUpload(
        skipped('token', 'not checked, because the app secret is not valid'),
        failed('app secret', badSecret, SECRET_CURE),
      );
    const client = cache.connect({ ...account, accessToken });
    const checks = await checkToken(client, options);
    return [
      ...checks,
      await checkUpload(
        client,
        options,
        checks.every(({ outcome }) => outcome !== 'failed'),
      ),
    ];
  } finally {
    await cache.close();
  }
}

function withoutToken({ folder }: PlatformOptions): Check[] {
  const similar = tokensInEnvFile(folder);
  const named = similar.length > 0 ? ` In .env there is ${similar.join(', ')}: rename it.` : '';
  return withoutUpload(
    failed('token', 'FACEBOOK_ACCESS_TOKEN is not set', TOKEN_CURE + named),
    skipped('app secret', 'there is no token'),
  );
}

function withoutUpload(...checks: readonly Check[]): Check[] {
  return [...checks, skipped('upload', 'there is no token that works')];
}

async function checkToken(
  client: PageClient,
  { account, page: expected }: PlatformOptions,
): Promise<Check[]> {
  const [token, secret] = ['token', 'app secret'] as const;
  try {
    const { id, name } = await client.callAPI('/me', 'GET', { fields: 'id,name' });
    const page = `page ${String(id)}${typeof name === 'string' ? `, ${JSON.stringify(name)}` : ''}`;
    return [
      expected === undefined || expected === id
        ? ok(token, page)
        : failed(
            token,
            `it belongs to ${page}, but --page is ${expected}`,
            `Set FACEBOOK_ACCESS_TOKEN to a token of page ${expected}, or correct --page.`,
          ),
      account.appSecret === undefined
        ? warning(
            secret,
            'FACEBOOK_APP_SECRET is not set: calls carry no proof, and the bot cannot tell Facebook’s webhooks from forged ones',
            SECRET_CURE,
          )
        : ok(secret, 'Facebook accepts its proof'),
    ];
  } catch (error) {
    const { message } = reasonOf(error);
    // With this call, nothing else can be invalid. The type of the error is not always the same.
    if (isGraphError(error) && error.code === 100) {
      return [
        skipped(token, 'Facebook does not check it without the right proof'),
        failed(secret, message, SECRET_CURE),
      ];
    }
    return [
      failed(token, message, TOKEN_CURE),
      skipped(secret, 'it cannot be tried without a token that works'),
    ];
  }
}

/** With a cache of its own, so that no ID gets into the bot's store. */
async function checkUpload(client: PageClient, { upload }: PlatformOptions, works: boolean): Promise<Check> {
  const name = 'upload';
  if (!upload) return skipped(name, 'nothing was uploaded', 'Upload a picture of one pixel with --upload.');
  if (!works) return skipped(name, 'there is no token that works');
  const { results } = await client.warm([image(PICTURE, { filename: 'pixel.png' })]);
  const [result] = results;
  if (result?.attachmentId !== undefined)
    return ok(name, `a picture of one pixel has the ID ${result.attachmentId}`);
  return failed(
    name,
    reasonOf(result?.error).message,
    'Check the permission pages_messaging of the token, and the limits of the page.',
  );
}

/** Why an account cannot be used, before Facebook is asked. */
function problemOf(check: () => void): string | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    return reasonOf(error).message;
  }
}
