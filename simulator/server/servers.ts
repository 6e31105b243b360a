import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo } from 'node:net';
import { certificateFor } from './certificate';
import { type Connections } from './connections';

export interface Addresses {
  host: string;
  /** For HTTPS; 0: any free port */
  port: number;
  /** For HTTP; 0: any free port */
  httpPort: number;
  /** Further names of this machine, which the certificate is to name. */
  names: readonly string[];
}

export interface Servers {
  readonly port: number;
  readonly httpPort: number;
  /** PEM of the authority to trust for HTTPS. */
  readonly ca: string;
  /** Ends all connections, also those that wait for an answer. */
  close(): Promise<void>;
}

/** Listens with HTTPS and HTTP. Rejects, with nothing left open, when a port is taken. */
export async function startServers(
  listener: RequestListener,
  connections: Connections,
  { host, port, httpPort, names }: Addresses,
): Promise<Servers> {
  const { ca, cert, key } = await certificateFor(host, ...names);
  const https = createHttpsServer({ cert, key }, listener);
  const http = createHttpServer(listener);
  const close = async () => {
    const closed = [closeServer(https), closeServer(http)];
    connections.destroyAll();
    await Promise.all(closed);
  };
  try {
    await listen(https, connections, port, host);
    await listen(http, connections, httpPort, host);
  } catch (error) {
    await close();
    throw error;
  }
  return { port: portOf(https), httpPort: portOf(http), ca, close };
}

async function listen(server: Server, connections: Connections, port: number, host: string): Promise<void> {
  connections.track(server);
  server.listen(port, host);
  await once(server, 'listening');
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

async function closeServer(server: Server): Promise<void> {
  if (!server.listening) return;
  server.close();
  await once(server, 'close');
}
