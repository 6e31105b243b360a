import { startSimulator } from 'messenger-platform-simulator';
import { type Facebook } from './config';

const PAGE = { id: '1000000000000001', token: 'simulated-page-token', secret: 'simulated-app-secret' };
const VERIFY_TOKEN = 'simulated-verify-token';

export interface SimulatedFacebook {
  readonly facebook: Facebook;
  /** From now on, what people write is delivered to `webhook`. Returns what to tell whoever has started the bot. */
  connect(webhook: string): string;
  close(): Promise<void>;
}

/** A Facebook on this machine, for a bot whose environment names no page. */
export async function simulateFacebook(): Promise<SimulatedFacebook> {
  const simulator = await startSimulator({ pages: [PAGE] });
  return {
    facebook: {
      tokens: PAGE.token,
      appSecret: PAGE.secret,
      verifyToken: VERIFY_TOKEN,
      apiHost: simulator.host,
      ca: simulator.ca,
    },
    connect: (webhook) => {
      simulator.setWebhook({ url: webhook, verifyToken: VERIFY_TOKEN });
      return `FACEBOOK_ACCESS_TOKEN is not set: nothing goes to Facebook, a simulator on this machine takes its place.
Say something to the bot, and see what arrived:

  curl ${simulator.httpUrl}/_sim/say -d '{"page":"${PAGE.id}","user":"1","text":"picture"}'
  curl ${simulator.httpUrl}/_sim/state
`;
    },
    close: () => simulator.close(),
  };
}
