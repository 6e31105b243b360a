import { createHmac, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import express, { type ErrorRequestHandler, type Express } from 'express';

/**
 * The webserver that Botkit puts its webhook on. Its own would answer a forged webhook by ending the process: the
 * adapter throws for a bad signature, and nobody catches it. Here such a request is turned away at the door.
 */
export function createWebserver(appSecret: string): Express {
  const webserver = express();
  webserver.disable('x-powered-by');
  webserver.use(
    express.json({
      verify: (request: IncomingMessage, _response, body) => {
        if (!isSigned(request, body, appSecret)) throw new Error('The signature is missing or wrong');
        Object.assign(request, { rawBody: body }); // The adapter looks at the signature again.
      },
    }),
  );
  webserver.use(refuse);
  return webserver;
}

/** Resolves when the server accepts connections. */
export async function listen(webserver: Express, port: number, host?: string): Promise<Server> {
  const server = host === undefined ? webserver.listen(port) : webserver.listen(port, host);
  await once(server, 'listening');
  return server;
}

export function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

/** Lets the requests that are being answered finish, and accepts no more. */
export async function stop(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  await closed;
}

/** By the older of Facebook's two signatures, because Botkit's adapter looks at that one, too. */
function isSigned({ headers }: IncomingMessage, body: Buffer, appSecret: string): boolean {
  const received = Buffer.from(String(headers['x-hub-signature']));
  const expected = Buffer.from(`sha1=${createHmac('sha1', appSecret).update(body).digest('hex')}`);
  return received.length === expected.length && timingSafeEqual(received, expected);
}

/** Says no more than the status: 403 for a wrong signature, 400 for what is not JSON. */
const refuse: ErrorRequestHandler = (error: { status?: number }, _request, response, next) => {
  if (response.headersSent) {
    next(error);
    return;
  }
  response.sendStatus(error.status ?? 500);
};
