import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import express, { type Express } from 'express';
import { listen } from './listen';
import { PAGE } from './pages';

/** A real HTTP server for Botkit to put its webhook on. */
export interface WebhookServer {
  readonly webserver: Express;
  /** Where Botkit listens by default. */
  readonly url: string;
  /** Delivers an event as the platform does, signed. Resolves with the status of the answer. */
  deliver(event: object): Promise<number>;
  close(): Promise<void>;
}

export async function openWebhook(): Promise<WebhookServer> {
  const webserver = express();
  const verify = (request: IncomingMessage, _response: unknown, rawBody: Buffer) =>
    // The adapter checks the signature of the bytes themselves.
    void Object.assign(request, { rawBody });
  webserver.use(express.json({ verify }));
  const { port, close } = await listen(createServer(webserver));
  const url = `http://127.0.0.1:${port}/api/messages`;
  return {
    webserver,
    url,
    deliver: async (event) => {
      const body = JSON.stringify({ object: 'page', entry: [{ id: PAGE.id, messaging: [event] }] });
      const signature = createHmac('sha1', PAGE.secret ?? '')
        .update(body)
        .digest('hex');
      const headers = { 'content-type': 'application/json', 'x-hub-signature': `sha1=${signature}` };
      const response = await fetch(url, { method: 'POST', headers, body });
      return response.status;
    },
    close,
  };
}
