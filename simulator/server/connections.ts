import { type Server, type Socket } from 'node:net';

/**
 * The raw connections under the servers. A TLS socket cannot be reset, only the TCP socket under it; and closing a
 * server must also end connections that are hanging or still shaking hands.
 */
export class Connections {
  readonly #byRemote = new Map<string, Socket>();

  track(server: Server): void {
    server.on('connection', (socket: Socket) => {
      const key = remoteOf(socket);
      this.#byRemote.set(key, socket);
      socket.once('close', () => this.#byRemote.delete(key));
    });
  }

  /** Cuts the connection at once, with a TCP reset. */
  reset(socket: Socket): void {
    const raw = this.#byRemote.get(remoteOf(socket)) ?? socket;
    if (!raw.destroyed) raw.resetAndDestroy();
  }

  destroyAll(): void {
    for (const socket of this.#byRemote.values()) socket.destroy();
  }
}

// With the local port: the two servers may have clients on the same port.
function remoteOf(socket: Socket): string {
  return `${socket.remoteAddress ?? ''}:${socket.remotePort ?? ''}>${socket.localPort ?? ''}`;
}
