/** No connection came up, so nothing of the call has been sent. Only our own dispatcher says so. */
export class NoConnectionError extends Error {
  override readonly name = 'NoConnectionError';
}

/** What OpenSSL and Node call a server's certificate that they did not accept. */
const REFUSED_CERTIFICATE = /^(CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_CERT_)/;

/** What undici calls a connection that did not come up in time or through a proxy, and a dispatcher that was closed. */
const NOT_BEGUN: ReadonlySet<string> = new Set([
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_PRX_TLS',
  'UND_ERR_CLOSED',
]);

/** There is no code of its own for a proxy that opens no tunnel. */
const REFUSED_TUNNEL = /^Proxy response \(\d+\)/;

/**
 * Did a call fail before a byte of it could leave? Then, and only then, it has certainly not been carried out. A
 * dispatcher of the author's gives errors of many kinds; what is not certain counts as sent.
 */
export function hasNotBegun(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof NoConnectionError) return true;
  if (error instanceof AggregateError) return error.errors.length > 0 && error.errors.every(hasNotBegun);
  const { syscall } = error as NodeJS.ErrnoException;
  if (syscall === 'connect' || syscall === 'getaddrinfo') return true;
  const code = codeOf(error) ?? '';
  if (NOT_BEGUN.has(code) || REFUSED_CERTIFICATE.test(code)) return true;
  if (code === 'UND_ERR_ABORTED' && REFUSED_TUNNEL.test(error.message)) return true;
  return error.message.includes('before secure TLS connection was established');
}

/** In one line, with the code if there is one. */
export function describeConnectionError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = codeOf(error);
  if (!error.message) return code ?? error.name;
  return code === undefined || error.message.includes(code) ? error.message : `${code}: ${error.message}`;
}

function codeOf(error: Error): string | undefined {
  const { code } = error as NodeJS.ErrnoException;
  return typeof code === 'string' ? code : undefined;
}
