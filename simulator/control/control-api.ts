import express, {
  type ErrorRequestHandler,
  type Request,
  type RequestHandler,
  type Response,
  type Router,
} from 'express';
import {
  InputError,
  type Input,
  isObject,
  object,
  onlyFields,
  optionalBoolean,
  optionalListOf,
  optionalNumber,
  optionalString,
  required,
  requiredString,
} from '../base/check';
import { problemOf } from '../base/thrown';
import { accountLinking } from './account-linking';
import { type BotUnderTest, botState } from './bot-under-test';
import { jsonBody } from './json-body';
import { type SimulatorOperations } from './operations';
import { type EventStream } from './event-stream';
import { pageAndUser, personApi } from './person-api';
import { picturesOf } from './sent-addresses';
import { transcriptOf } from './transcript';
import { type UrlFetcher } from '../graph/fetch-url';
import { type Fault } from '../platform/faults';
import { WEBHOOK_FIELDS } from '../platform/webhook-events';

/** Characters. File systems take no more in a name. */
const MAX_PATH = 255;

/** A bot may send a page with scripts; opened from here, it must not reach the control API. */
const SANDBOX = "sandbox; default-src 'none'; style-src 'unsafe-inline'";

interface ControlApiParts {
  operations: SimulatorOperations;
  eventStream: EventStream;
  bot: BotUnderTest | undefined;
  /** As the Graph API does it. */
  fetchUrl: UrlFetcher;
}

/** `/_sim`: looks into the simulator and steers it. Whoever mounts it keeps strangers out. */
export function controlApi({ operations, eventStream, bot, fetchUrl }: ControlApiParts): Router {
  const router = express.Router();
  router.use('/bot', botApi(bot, operations));
  router.use('/account_linking', accountLinking(operations));
  router.use(personApi(operations));
  router.use(jsonBody);

  const post = (path: string, fields: readonly string[], handle: (input: Input) => unknown) =>
    router.post(path, async (req, res) => {
      const input = object(req.body ?? {}, 'the body');
      onlyFields(input, 'the body', fields);
      res.json((await handle(input)) ?? { ok: true });
    });

  router.get('/state', (_req, res) => {
    res.json(operations.state());
  });
  router.get('/calls', (_req, res) => {
    res.json({ totals: operations.totals(), calls: operations.calls() });
  });
  router.get('/calls/:number', (req, res) => {
    const call = operations.call(Number(req.params.number));
    if (call) res.json({ ...eventStream.outline(call), body: call.body, answer: call.answer });
    else res.status(404).json({ error: 'No such call, or it is no longer kept' });
  });
  router.get('/events', eventStream.connect);
  router.get('/threads/:page/:user', (req, res) => {
    const { messages, ...thread } = operations.thread(req.params.page, req.params.user);
    const limit = Number(req.query['last'] ?? messages.length);
    res.json({ ...thread, count: messages.length, messages: limit > 0 ? messages.slice(-limit) : [] });
  });
  router.get('/threads/:page/:user/transcript', (req, res) => {
    const thread = operations.thread(req.params.page, req.params.user);
    res.json(transcriptOf(thread, (sha256) => operations.content(sha256)?.bytes));
  });
  router.delete('/calls', (_req, res) => {
    operations.clearCalls();
    res.json({ ok: true });
  });
  // The name says what it is when somebody saves it.
  router.get('/people/:id/picture', (req, res) => {
    const picture = operations.people().find(({ id }) => id === req.params.id)?.picture;
    if (picture === undefined) res.status(404).json({ error: 'No such person, or one without a picture' });
    else res.set('Content-Security-Policy', SANDBOX).sendFile(picture, { dotfiles: 'allow' });
  });
  router.get('/content/:sha256{/:name}', (req, res) => {
    sendContent(operations, req, res);
  });
  router.get('/threads/:page/:user/pictures/:mid', async (req, res) => {
    await sendPicture({ operations, fetchUrl }, req, res);
  });
  router.get('/stickers/:id', (req, res) => {
    res.type('svg').send(stickerPicture(req.params.id));
  });
  router.get('/faults', (_req, res) => {
    res.json({ faults: operations.faults() });
  });
  router.post('/faults', (req, res) => {
    const faults: unknown = req.body; // `addFaults` looks at each.
    operations.addFaults(...((Array.isArray(faults) ? faults : [faults]) as Fault[]));
    res.json({ ok: true });
  });
  router.delete('/faults', (_req, res) => {
    operations.clearFaults();
    res.json({ ok: true });
  });

  post('/clock', ['advanceDays'], (input) => {
    const expected = 'a number of days, at least 0';
    const days = optionalNumber(input, 'advanceDays', expected, (number) => number >= 0 && number < 1e6);
    return operations.advanceDays(required(days, 'advanceDays', expected));
  });
  post('/revoke', ['id', 'all'], (input) => {
    if (optionalBoolean(input, 'all')) return { revoked: operations.revokeAll() };
    const id = requiredString(input, 'id');
    if (!operations.revoke(id)) {
      throw new InputError(`Expected "id" to be an attachment ID, got ${JSON.stringify(id)}`);
    }
    return { revoked: 1 };
  });
  post('/network', ['delayMs'], (input) => {
    const expected = 'milliseconds from 0 to 600000';
    const delayMs = optionalNumber(input, 'delayMs', expected, (ms) => ms >= 0 && ms <= 600_000);
    operations.setDelay(required(delayMs, 'delayMs', expected));
  });
  post('/users', ['page', 'user', 'available', 'known'], (input) => {
    const [available, known] = [optionalBoolean(input, 'available'), optionalBoolean(input, 'known')];
    if (available === undefined && known === undefined) {
      throw new InputError('Expected "available" or "known" to be true or false, got neither');
    }
    operations.setUser({ ...pageAndUser(input), available, known });
  });
  post('/window', ['page', 'user'], (input) => {
    operations.openWindow({ page: requiredString(input, 'page'), user: optionalString(input, 'user') });
  });
  post('/webhook', ['url', 'verifyToken', 'fields', 'redeliver', 'timeout'], (input) => {
    operations.setWebhook({
      url: requiredString(input, 'url'),
      verifyToken: optionalString(input, 'verifyToken'),
      fields: optionalListOf(input, 'fields', WEBHOOK_FIELDS),
      redeliver: optionalBoolean(input, 'redeliver'),
      timeout: optionalNumber(input, 'timeout', 'milliseconds above 0', (ms) => ms > 0 && ms < 2 ** 31),
    });
  });
  post('/webhook/verify', [], () => operations.verifyWebhook());
  post('/reset', [], () => {
    operations.reset();
  });

  router.use((req, res) => {
    res.status(404).json({ error: `The control API has no ${req.method} ${req.baseUrl}${req.path}` });
  });
  router.use(answerError);
  return router;
}

/** `/_sim/bot`: what the bot's starter has handed in. What it has not is refused before any body is read. */
function botApi(bot: BotUnderTest | undefined, operations: SimulatorOperations): Router {
  const router = express.Router();
  if (!bot) return router.use(startedWithout('bot'));
  const answer = async (res: Response) => {
    operations.notifyChanged();
    res.json(await botState(bot));
  };
  router.get('/', async (_req, res) => {
    res.json(await botState(bot));
  });
  const { store, assets } = bot;
  if (store) {
    router.post('/store', jsonBody, async (req, res) => {
      const input = object(req.body ?? {}, 'the body');
      onlyFields(input, 'the body', ['up']);
      store.setUp(required(optionalBoolean(input, 'up'), 'up', 'true or false'));
      await answer(res);
    });
  } else router.use('/store', startedWithout('bot: { store }'));
  if (assets) {
    router.put('/assets/*path', express.raw({ type: () => true, limit: '30mb' }), async (req, res) => {
      const bytes: unknown = req.body;
      if (!Buffer.isBuffer(bytes)) throw new InputError('Expected the body to be the file, got nothing');
      const path = req.params.path.join('/');
      if (path.length > MAX_PATH) {
        throw new InputError(`Expected a path of at most ${MAX_PATH} characters, got ${path.length}`);
      }
      await assets.put(path, bytes);
      await answer(res);
    });
  } else router.use('/assets', startedWithout('bot: { assets }'));
  return router;
}

function startedWithout(option: string): RequestHandler {
  const error = `The simulator was started without this option: startSimulator({ ${option} })`;
  return (_req, res) => {
    res.status(404).json({ error });
  };
}

function sendContent(operations: SimulatorOperations, req: Request, res: Response): void {
  const { sha256 } = req.params;
  const { type } = req.query;
  const found = operations.content(String(sha256), typeof type === 'string' ? type : undefined);
  if (!found) {
    res.status(404).json({ error: 'No such content, or it is no longer kept' });
    return;
  }
  const { bytes, contentType } = found;
  res.setHeader('Content-Type', contentType); // As it came: `set` would add a charset.
  res.set({
    'Accept-Ranges': 'bytes',
    'Cache-Control': 'private, max-age=31536000, immutable',
    'Content-Security-Policy': SANDBOX,
    'X-Content-Type-Options': 'nosniff',
  });
  const ranges = req.range(bytes.length, { combine: true });
  if (ranges === -1) {
    res.status(416).set('Content-Range', `bytes */${bytes.length}`).end();
    return;
  }
  const [range, ...more] = Array.isArray(ranges) ? ranges : [];
  // Several ranges would need a multipart answer; the whole is a good answer to them, too.
  if (!range || more.length > 0) {
    res.end(bytes);
    return;
  }
  const { start, end } = range;
  res.status(206).set('Content-Range', `bytes ${start}-${end}/${bytes.length}`);
  res.end(bytes.subarray(start, end + 1));
}

/**
 * A picture that a card or a persona names by its address, fetched here, so that the UI asks nobody but the simulator. Where there
 * is none, nothing: an error would stand in the browser's console, as if something here were wrong.
 */
async function sendPicture(
  { operations, fetchUrl }: Pick<ControlApiParts, 'operations' | 'fetchUrl'>,
  { params, query }: Request<{ page: string; user: string; mid: string }>,
  res: Response,
): Promise<void> {
  const { messages } = operations.thread(params.page, params.user);
  const message = messages.find(({ mid }) => mid === params.mid);
  const url = message && picturesOf(message).find((one) => one === query['url']);
  const picture = url === undefined ? undefined : await fetchUrl(url, 'image').catch(() => undefined);
  if (!picture?.contentType.startsWith('image/')) {
    res.status(204).end();
    return;
  }
  res.set({
    'Content-Type': picture.contentType,
    'Cache-Control': 'private, max-age=3600',
    'Content-Security-Policy': SANDBOX,
    'X-Content-Type-Options': 'nosniff',
  });
  res.end(picture.bytes);
}

/** A stand-in: the pictures of real stickers are Facebook's. */
function stickerPicture(id: string): string {
  const hue = Number(BigInt.asUintN(32, /^\d+$/.test(id) ? BigInt(id) : 0n)) % 360;
  return (
    '<svg xmlns="http://www.w3.org/2000/svg" width="120" height="120" viewBox="0 0 24 24" fill="none" stroke-width="1.6" ' +
    `stroke-linecap="round"><circle cx="12" cy="12" r="10" fill="hsl(${hue} 80% 60%)"/>` +
    '<path stroke="#1b1b1b" d="M8.6 9.4v.8M15.4 9.4v.8M7.8 14.2c2.4 3 6 3 8.4 0"/></svg>'
  );
}

const answerError: ErrorRequestHandler = (error: unknown, _req, res, next) => {
  if (res.headersSent) {
    next(error);
    return;
  }
  const status = error instanceof InputError ? 400 : statusOf(error);
  if (status >= 500) console.error('The simulator failed:', error);
  const problem = problemOf(error);
  res
    .status(status)
    .json({ error: error instanceof SyntaxError ? `Expected the body to be JSON: ${problem}` : problem });
};

/** Express and its parsers say in their errors what they make of a request. */
function statusOf(error: unknown): number {
  return isObject(error) && typeof error['status'] === 'number' ? error['status'] : 500;
}
