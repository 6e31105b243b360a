import { setTimeout as delay } from 'node:timers/promises';
import { type SimulatorOperations } from '../control/operations';
import { type WebhookOptions } from '../platform/webhook';

/** Where bots listen, unless they say so: Botkit's path is the second. */
const USUAL_PATHS = ['/webhook', '/api/messages', '/'];

/** Milliseconds between two attempts: while nothing listens, and while it listens and does not confirm. */
const PAUSES = { down: 100, up: 1_000 };

/** Milliseconds after which a bot that has not confirmed its webhook is worth a line. */
const PATIENCE = 5_000;

export type DeliveryOptions = Omit<WebhookOptions, 'url' | 'verifyToken'>;

export interface WebhookToConfirm {
  /** Undefined: one of the usual paths on `port`. */
  url: string | undefined;
  port: string;
  verifyToken: string;
  delivery: DeliveryOptions;
}

type WebhookOperations = Pick<SimulatorOperations, 'setWebhook' | 'verifyWebhook'>;

/**
 * Waits until the bot listens and has confirmed its webhook by the platform's handshake, however long that takes. What
 * people write goes to the webhook meanwhile, if its address is known.
 *
 * @returns Its address; undefined once `signal` is aborted.
 */
export async function confirmWebhook(
  simulator: WebhookOperations,
  { url, port, verifyToken, delivery }: WebhookToConfirm,
  report: (line: string) => void,
  signal: AbortSignal,
): Promise<string | undefined> {
  const urls = url === undefined ? USUAL_PATHS.map((path) => `http://localhost:${port}${path}`) : [url];
  const remindAt = performance.now() + PATIENCE;
  let isReminded = false;
  while (!signal.aborted) {
    const outcomes: string[] = [];
    let pause = PAUSES.up;
    for (const each of urls) {
      simulator.setWebhook({ ...delivery, url: each, verifyToken });
      const { delivered, status, error = '' } = await simulator.verifyWebhook();
      if (delivered) return each;
      outcomes.push(`${each}: ${error}`);
      if (status !== undefined) continue;
      // Nothing listens there yet, whatever the path.
      pause = PAUSES.down;
      break;
    }
    if (!isReminded && performance.now() > remindAt) {
      isReminded = true;
      report(reminder(outcomes));
    }
    await delay(pause, undefined, { signal }).catch(() => undefined);
  }
  return undefined;
}

function reminder(outcomes: readonly string[]): string {
  return [
    'No bot has confirmed its webhook yet.',
    ...outcomes.map((outcome) => `  ${outcome}`),
    'A bot should listen at the port in PORT, or at the address in --webhook, and answer GET with hub.challenge',
    'if hub.verify_token is the value of FACEBOOK_VERIFY_TOKEN. A command that starts no bot needs no webhook.',
  ].join('\n');
}
