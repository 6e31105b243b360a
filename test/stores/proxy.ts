import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';

/** A wire to a server, which can be held and cut. */
export interface Proxy {
  /** The server's address, by way of this wire. */
  readonly address: string;
  /** From now on nothing gets through, and no connection ends. */
  hold(): void;
  /** Ends all connections, and from now on each new one. */
  cut(): void;
  heal(): void;
  close(): Promise<void>;
}

export async function openProxy(address: string): Promise<Proxy> {
  const target = new URL(address);
  const sockets = new Set<Socket>();
  let state: 'whole' | 'held' | 'cut' = 'whole';
  const track = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    if (state === 'held') socket.pause();
  };
  const server = createServer((near) => {
    if (state === 'cut') {
      near.destroy();
      return;
    }
    const far = connect(Number(target.port), target.hostname);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.on('data', (data) => other.write(data));
      one.on('close', () => other.destroy());
      track(one);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const own = new URL(address);
  own.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    address: own.href,
    hold: () => {
      state = 'held';
      for (const socket of sockets) socket.pause();
    },
    cut: () => {
      state = 'cut';
      for (const socket of sockets) socket.destroy();
    },
    heal: () => {
      state = 'whole';
      for (const socket of sockets) socket.resume();
    },
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
