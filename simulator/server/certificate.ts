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
 * A certificate for this machine's names and `hosts`, signed by an authority made for it. A process makes one for the
 * same hosts.
 */
export function certificateFor(...hosts: string[]): Promise<Certificate> {
  const names = [...new Set(['localhost', '127.0.0.1', '::1', ...hosts])];
  const key = names.join(' ');
  const certificate = created.get(key) ?? createCertificate(names);
  created.set(key, certificate);
  return certificate;
}

async function createCertificate(names: string[]): Promise<Certificate> {
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
        altNames: names.map((name) => (isIP(name) === 0 ? { type: 2, value: name } : { type: 7, ip: name })),
      },
    ],
  });
  return { ca: authority.cert, cert: server.cert, key: server.private };
}
