import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { type Simulator, type SimulatorOptions, startSimulator } from 'messenger-platform-simulator';

export const PAGE = { id: '100200300', token: 'token-of-the-page' };
export const OTHER_PAGE = { id: '400500600', token: 'token-of-the-other-page' };
export const SECRET_PAGE = { id: '700800900', token: 'token-of-the-secret-page', secret: 'the-app-secret' };
export const USER = '1254459154682919';

/** A 1×1 PNG. */
export const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

/** A fresh simulator for each test of the surrounding `describe`. `USER` has just written to its pages. */
export function useSimulator(options: SimulatorOptions = {}): () => Simulator {
  let simulator: Simulator | undefined;
  beforeEach(async () => {
    simulator = await startSimulator({ pages: [PAGE, OTHER_PAGE, SECRET_PAGE], ...options });
    openWindows(simulator);
  });
  afterEach(async () => {
    await simulator?.close();
  });
  return () => {
    assert(simulator);
    return simulator;
  };
}

/** `USER` has just written. */
export function openWindows(simulator: Simulator): void {
  for (const { id } of simulator.state().pages) simulator.openWindow({ page: id, user: USER });
}

/** A web server for each test of the surrounding `describe`; gives its address. */
export function useWebServer(listener: RequestListener): () => string {
  let server: Server | undefined;
  beforeEach(async () => {
    server = createServer(listener).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterEach(() => {
    server?.close();
    server?.closeAllConnections();
  });
  return () => {
    assert(server);
    return `http://localhost:${(server.address() as AddressInfo).port}`;
  };
}

export interface Answer {
  status: number;
  body: {
    error?: { code: number; error_subcode?: number; type: string; message: string; fbtrace_id: string };
    attachment_id?: string;
    message_id?: string;
    recipient_id?: string;
    [other: string]: unknown;
  };
}

interface CallOptions {
  token?: string;
  method?: string;
}

/** Calls the Graph API with JSON. */
export async function call(
  simulator: Simulator,
  path: string,
  body?: unknown,
  { token = PAGE.token, method = body === undefined ? 'GET' : 'POST' }: CallOptions = {},
): Promise<Answer> {
  const response = await fetch(`${simulator.httpUrl}/v25.0${path}`, {
    method,
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Answer['body'] };
}

/** Calls the Graph API with a form; objects go as JSON. */
export async function callWithForm(
  simulator: Simulator,
  path: string,
  fields: Record<string, unknown>,
  { token = PAGE.token }: CallOptions = {},
): Promise<Answer> {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    form.set(name, value instanceof Blob || typeof value === 'string' ? value : JSON.stringify(value));
  }
  const url = `${simulator.httpUrl}/me${path}?access_token=${token}`;
  const response = await fetch(url, { method: 'POST', body: form });
  return { status: response.status, body: (await response.json()) as Answer['body'] };
}

export const png = () => new File([PNG], 'shirt.png', { type: 'image/png' });

export function messageWith(type: string, payload: object): { attachment: object } {
  return { attachment: { type, payload } };
}

/** Saves an asset and gives its ID. */
export async function upload(
  simulator: Simulator,
  options: CallOptions & { file?: File; type?: string } = {},
) {
  const { file = png(), type = 'image' } = options;
  const message = messageWith(type, { is_reusable: true });
  const { body } = await callWithForm(
    simulator,
    '/message_attachments',
    { message, filedata: file },
    options,
  );
  assert(body.attachment_id, JSON.stringify(body));
  return body.attachment_id;
}

export function send(simulator: Simulator, message: unknown, options: CallOptions = {}): Promise<Answer> {
  return call(simulator, '/me/messages', { recipient: { id: USER }, message }, options);
}

export function sendById(simulator: Simulator, id: string, options: CallOptions & { type?: string } = {}) {
  return send(simulator, messageWith(options.type ?? 'image', { attachment_id: id }), options);
}

/** The messages that reached the user, without those that the user wrote. */
export function received(simulator: Simulator, page = PAGE.id) {
  return simulator.thread(page, USER).messages.filter(({ from }) => from === 'page');
}

export function assertError(
  { status, body }: Answer,
  code: number,
  subcode?: number,
  message?: RegExp,
): void {
  assert.equal(status, 400, JSON.stringify(body));
  assert.deepEqual([body.error?.code, body.error?.error_subcode], [code, subcode], body.error?.message);
  assert.match(body.error?.fbtrace_id ?? '', /^\w{11}$/);
  if (message) assert.match(body.error?.message ?? '', message);
}

export function proofOf({ token, secret }: { token: string; secret: string }): string {
  return createHmac('sha256', secret).update(token).digest('hex');
}
