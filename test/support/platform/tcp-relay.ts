import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { Agent, buildConnector } from 'undici';
import type { Simulator } from 'messenger-platform-simulator';
import { freePort } from './listen';

/** A TCP relay before the simulator that can stop a call in the middle of its body, or turn connections away. */
export interface TcpRelay {
  /** For the `api_host` of a client that is to come through the gate. */
  readonly host: string;
  /** A Dispatcher whose connections go through the gate, a new one for each call. */
  readonly dispatcher: Agent;
  /** Stops each further connection when so many bytes have come; `halted` tells of the first. */
  haltAfter(bytes: number): { readonly halted: Promise<void>; readonly resume: () => void };
  /** The next connections are refused (nobody listens) or cut before they are secure. */
  refuse(how: 'refused' | 'cut in the handshake', times: number): void;
  close(): Promise<void>;
}

interface Halt {
  readonly after: number;
  readonly begin: () => void;
  readonly end: Promise<void>;
}

export async function openTcpRelay(sim: Simulator): Promise<TcpRelay> {
  let halt: Halt | undefined;
  let cuts = 0;
  let refusals = 0;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    if (cuts > 0) {
      cuts -= 1;
      client.resetAndDestroy();
      return;
    }
    const platform = connect(Number(new URL(sim.url).port), '127.0.0.1');
    for (const socket of [client, platform]) {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      // The other side learns of it by its end.
      socket.on('error', () => undefined);
    }
    platform.pipe(client);
    client.once('close', () => platform.destroy());
    void relay(client, platform, halt);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const nobody = await freePort();
  const connector = buildConnector({ ca: sim.ca });
  const dispatcher = new Agent({
    pipelining: 0,
    connect: (options, callback) => {
      const refused = refusals > 0;
      if (refused) refusals -= 1;
      connector({ ...options, hostname: 'localhost', port: String(refused ? nobody : port) }, callback);
    },
  });
  return {
    host: `localhost:${port}`,
    dispatcher,
    haltAfter: (after) => {
      const [begun, begin] = signal();
      const [end, resume] = signal();
      halt = { after, begin, end };
      return {
        halted: begun,
        resume: () => {
          halt = undefined;
          resume();
        },
      };
    },
    refuse: (how, times) => {
      if (how === 'refused') refusals = times;
      else cuts = times;
    },
    close: async () => {
      await dispatcher.destroy();
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

async function relay(client: Socket, platform: Socket, halt: Halt | undefined): Promise<void> {
  let passed = 0;
  let halted = false;
  try {
    for await (const chunk of client as AsyncIterable<Buffer>) {
      passed += chunk.length;
      if (halt && !halted && passed >= halt.after) {
        halted = true;
        halt.begin();
        await halt.end;
      }
      if (!platform.write(chunk)) await once(platform, 'drain');
    }
    platform.end();
  } catch {
    platform.destroy();
  }
}

function signal(): [Promise<void>, () => void] {
  let fire: () => void = () => undefined;
  const fired = new Promise<void>((resolve) => {
    fire = resolve;
  });
  return [fired, fire];
}
