import { NoConnectionError } from './connection-errors';
import { Lane } from './lane';
import type { CallPurpose } from './errors';
import type * as Undici from 'undici';
import type { Agent, buildConnector, Dispatcher } from 'undici';

/**
 * Kinds of calls that must not hold each other up: `send`: by ID, templates, text, `GET /me`; `content`: one-step
 * sends, whose files or addresses take their time; `upload`: the Attachment Upload API.
 */
export type LaneName = 'send' | 'content' | 'upload';

/**
 * How many calls of a kind are in flight to one host. With the files that they read and what Node has open itself,
 * these are fewer than 200 descriptors; with `fetchFrom`, 60 more.
 */
export const LANE_LIMITS: Readonly<Record<LaneName, number>> = { send: 60, content: 32, upload: 40 };

/**
 * How many calls, of whatever kind, are sending a file. Those that only wait for their answer are not counted: they
 * need nothing but their connection.
 */
export const FILE_LIMIT = 24;

/** As many as the lanes can use, so that no call waits for the connection of another lane. */
const CONNECTIONS = LANE_LIMITS.send + LANE_LIMITS.content + LANE_LIMITS.upload;

/**
 * Milliseconds. Facebook takes up to 75 s to fetch a video's address before it answers. The time starts again with each
 * piece of a body that goes out, so a slow upload is not cut off.
 */
export const ANSWER_TIMEOUT = 90_000;

/** Milliseconds. Messages wait for what is looked up, and Facebook has nothing to fetch for it. */
const LOOK_UP_TIMEOUT = 10_000;

/** Milliseconds that a proxy has to open a tunnel, as long as undici gives a connection to come up. */
const TUNNEL_TIMEOUT = 10_000;

/** The lanes of one host: one for each kind of call, and one for those that send a file. */
export type Lanes = Readonly<Record<LaneName | 'file', Lane>>;

/** How our own dispatcher is limited. */
interface AgentLimits {
  /** To one host. */
  readonly connections: number;
  /** Bytes. -1: none. */
  readonly maxResponseSize: number;
}

/** The platform's answers have some hundred bytes. */
const GRAPH_LIMITS: AgentLimits = { connections: CONNECTIONS, maxResponseSize: 1024 * 1024 };

/** How calls reach the platform: one for a plugin, whatever the number of its pages. */
export class Connections {
  readonly #given: Dispatcher | undefined;
  readonly #limits: AgentLimits;
  /** By host. */
  readonly #lanes = new Map<string, Lanes>();
  #own: Dispatcher | undefined;

  /** @param dispatcher - The author's. Default: our own, made when it is first needed. */
  constructor(dispatcher?: Dispatcher, limits: AgentLimits = GRAPH_LIMITS) {
    this.#given = dispatcher;
    this.#limits = limits;
  }

  /** Timeouts of a call by our own dispatcher; the bot's dispatcher has its own. */
  answerTimeouts(action: CallPurpose['action']): { headersTimeout?: number; bodyTimeout?: number } {
    if (this.#given) return {};
    const timeout = action === 'look up' ? LOOK_UP_TIMEOUT : ANSWER_TIMEOUT;
    return { headersTimeout: timeout, bodyTimeout: timeout };
  }

  /** The places of calls to one host, which all pages share. */
  lanes(origin: string): Lanes {
    let lanes = this.#lanes.get(origin);
    if (!lanes) {
      const { send, content, upload } = LANE_LIMITS;
      lanes = {
        send: new Lane(send),
        content: new Lane(content),
        upload: new Lane(upload),
        file: new Lane(FILE_LIMIT),
      };
      this.#lanes.set(origin, lanes);
    }
    return lanes;
  }

  /**
   * Loads undici only for the first call, because it is the largest part of what there is to load; by `require()`,
   * because Jest runs no `import()`.
   *
   * @throws {NoConnectionError} The author's dispatcher is closed, or the environment names a proxy that is no address.
   */
  dispatcher(): Dispatcher {
    const given = this.#given;
    if (given) {
      // Asked here, because its error would not tell whether a call had begun.
      const { closed, destroyed } = given as Partial<Pick<Agent, 'closed' | 'destroyed'>>;
      if (closed === true || destroyed === true) throw new NoConnectionError('the dispatcher is closed');
      return given;
    }
    try {
      return (this.#own ??= openAgent(require('undici') as typeof Undici, this.#limits));
    } catch (error) {
      throw new NoConnectionError(error);
    }
  }

  /**
   * Ends the connections of our own dispatcher when the calls in flight have their answers; the author's stays open. A
   * later call opens new connections.
   */
  async close(): Promise<void> {
    const own = this.#own;
    this.#own = undefined;
    await own?.close();
  }
}

/** Goes by HTTPS_PROXY, HTTP_PROXY and NO_PROXY, as Botkit's adapter does. */
function openAgent(
  { EnvHttpProxyAgent, Pool, buildConnector }: typeof Undici,
  limits: AgentLimits,
): Dispatcher {
  const connectDirectly = buildConnector({});
  return new EnvHttpProxyAgent({
    ...limits,
    // Through a proxy, `connect` is the one that opens the tunnel.
    factory: (origin, { connect, ...options }: Undici.Pool.Options) =>
      new Pool(origin, {
        ...options,
        connect: withOwnError(typeof connect === 'function' ? connect : connectDirectly),
      }),
    clientFactory: (proxy: URL, options: object) =>
      new Pool(proxy, { ...options, headersTimeout: TUNNEL_TIMEOUT }),
  });
}

/**
 * Tells a connection that was not established from one that broke: undici gives the same errors for both. After some of
 * them, such as that of a proxy that hangs up, it would connect again without end.
 */
function withOwnError(connect: buildConnector.connector): buildConnector.connector {
  return (options, callback) => {
    connect(options, (...[error, socket]) => {
      if (error) callback(new NoConnectionError(error), null);
      else callback(null, socket);
    });
  };
}
