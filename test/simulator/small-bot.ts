import { json } from 'node:stream/consumers';
import { type Simulator } from 'messenger-platform-simulator';
import { PAGE, useWebServer } from './support';

/** What a webhook is told: one event of the list `messaging`. */
export interface Told {
  sender: { id: string };
  recipient: { id: string };
  timestamp?: number;
  message?: {
    mid: string;
    text?: string;
    quick_reply?: { payload: string };
    reply_to?: { mid: string; is_self_reply: boolean };
    attachments?: { type: string; title?: string; payload: Record<string, unknown> }[];
    [other: string]: unknown;
  };
  postback?: { mid: string; title: string; payload: string; referral?: object };
  [other: string]: unknown;
}

export interface SmallBot {
  /** What it was told, in the order in which it came. */
  readonly told: Told[];
  /** What it was told while another app had the thread. */
  readonly standby: Told[];
  /** What it does. The webhook is answered with 200 when this is done. */
  onEvent: (event: Told, send: Send) => Promise<void> | void;
  /** How it answers its webhook. */
  status: number;
}

/** Sends something to whom the event is from, and resolves with the platform's status. */
export type Send = (body: Record<string, unknown>) => Promise<number>;

/** A bot of plain HTTP for each test of the surrounding `describe`; the simulator's webhook is set to it. */
export function useSmallBot(simulator: () => Simulator, token = PAGE.token): () => SmallBot {
  let bot: SmallBot;
  const url = useWebServer((req, res) => {
    void (async () => {
      const { entry } = (await json(req)) as { entry: { messaging?: Told[]; standby?: Told[] }[] };
      bot.standby.push(...entry.flatMap(({ standby = [] }) => standby));
      for (const event of entry.flatMap(({ messaging = [] }) => messaging)) {
        bot.told.push(event);
        await bot.onEvent(event, (body) => sendTo(simulator(), event.sender.id, body, token));
      }
      res.writeHead(bot.status).end();
    })();
  });
  beforeEach(() => {
    bot = { told: [], standby: [], status: 200, onEvent: () => undefined };
    simulator().setWebhook(url());
  });
  return () => bot;
}

/** As any bot would: over HTTP. */
export async function sendTo(
  simulator: Simulator,
  user: string,
  body: Record<string, unknown>,
  token = PAGE.token,
): Promise<number> {
  const response = await fetch(`${simulator.httpUrl}/v25.0/me/messages?access_token=${token}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ recipient: { id: user }, ...body }),
  });
  await response.text();
  return response.status;
}

export const text = (words: string) => ({ message: { text: words } });
