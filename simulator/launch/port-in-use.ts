import { once } from 'node:events';
import { connect } from 'node:net';

/** Whether a program on this machine listens at the port, on IPv4 or IPv6. */
export async function isPortInUse(port: string): Promise<boolean> {
  if (!/^\d+$/.test(port) || Number(port) > 65_535) return false; // PORT may also name a pipe.
  const socket = connect({ port: Number(port), host: 'localhost' });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
