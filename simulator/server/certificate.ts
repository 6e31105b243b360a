import { isIP } from 'node:net';
import { generate } from 'selfsigned';

const DAY = 24 * 60 * 60 * 1000;

export interface Certificate {
  /** PEM of the authority to trust. Its key is forgotten, so that it can sign nothing else. */
  ca: string;
  cert: string;
  key: string;
}

const created = new Map<string, Promise<Certificate>>();

/**
 * A certificate for this machine's names, signed by an authority made for it; one for all simulators of a process.
 */
export function certificateFor(host: string): Promise<Certificate> {
  const certificate = created.get(host) ?? createCertificate(host);
  created.set(host, certificate);
  return certificate;
}

async function createCertificate(host: string): Promise<Certificate> {
  // From yesterday on: a client's clock may be a little behind.
  const common = { keyType: 'ec', algorithm: 'sha256', notBeforeDate: new Date(Date.now() - DAY) } as const;
  const authority = await generate([{ name: 'commonName', value: 'Messenger Platform simulator CA' }], {
    ...common,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  const server = await generate([{ name: 'commonName', value: 'localhost' }], {
    ...common,
    ca: { key: authority.private, cert: authority.cert },
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [...new Set(['localhost', '127.0.0.1', '::1', host])].map((name) =>
          isIP(name) === 0 ? { type: 2, value: name } : { type: 7, ip: name },
        ),
      },
    ],
  });
  return { ca: authority.cert, cert: server.cert, key: server.private };
}
