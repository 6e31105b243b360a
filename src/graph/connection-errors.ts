import { isAggregateError, isError } from '../base/is-error';

/** No connection was established, so nothing of the call has been sent. Only our own dispatcher says so. */
export class NoConnectionError extends Error {
  override readonly name = 'NoConnectionError';
  /** The code of the error behind it. Not named `code`, because undici connects again after some codes. */
  readonly causeCode: string | undefined;

  constructor(cause: unknown) {
    super(describeConnectionError(cause));
    this.causeCode = isError(cause) ? codeOf(cause) : undefined;
  }
}

/** What OpenSSL and Node call a server's certificate that they did not accept. */
const REFUSED_CERTIFICATE = /^(CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_CERT_)/;

/**
 * What OpenSSL says of an answer that is not encrypted, as an HTTP port gives it. It can come later on a connection,
 * too, so it does not tell that the call was not carried out.
 */
const NOT_ENCRYPTED = /^ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG)$/;

/** What to do about a connection, by what OpenSSL and Node call its end. */
const ADVICE: readonly (readonly [code: RegExp, advice: string])[] = [
  [
    /^CERT_(HAS_EXPIRED|NOT_YET_VALID)$/,
    'Its certificate is not valid today: is the clock of this machine right?',
  ],
  [/^ERR_TLS_CERT_ALTNAME_INVALID$/, 'Its certificate is for another host: check the host of the Graph API.'],
  [
    REFUSED_CERTIFICATE,
    'Its certificate is not trusted. If its authority is your own, the simulator’s or a proxy’s, start Node with NODE_EXTRA_CA_CERTS=<the file of that authority’s certificate>.',
  ],
  [
    NOT_ENCRYPTED,
    'What answers there does not speak HTTPS: give the HTTPS port of the Graph API’s host, not its HTTP port.',
  ],
];

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
  if (!isError(error)) return false;
  if (error instanceof NoConnectionError) return true;
  if (isAggregateError(error)) return error.errors.length > 0 && error.errors.every(hasNotBegun);
  const { syscall } = error as NodeJS.ErrnoException;
  if (syscall === 'connect' || syscall === 'getaddrinfo') return true;
  const code = codeOf(error) ?? '';
  if (NOT_BEGUN.has(code) || REFUSED_CERTIFICATE.test(code)) return true;
  if (code === 'UND_ERR_ABORTED' && REFUSED_TUNNEL.test(error.message)) return true;
  return error.message.includes('before secure TLS connection was established');
}

/** In one line, with the code if there is one. */
export function describeConnectionError(error: unknown): string {
  if (!isError(error)) return String(error);
  const code = codeOf(error);
  const message = reasonOf(error) ?? error.message;
  if (!message) return code ?? error.name;
  return code === undefined || message.includes(code) ? message : `${code}: ${message}`;
}

/** What to do about it, if that can be told. */
export function connectionAdvice(error: unknown): string | undefined {
  if (!isError(error)) return undefined;
  const code = (error instanceof NoConnectionError ? error.causeCode : codeOf(error)) ?? '';
  return ADVICE.find(([pattern]) => pattern.test(code))?.[1];
}

/** OpenSSL's own words: its message has numbers and places in its sources besides. */
function reasonOf(error: Error): string | undefined {
  const { reason } = error as { reason?: unknown };
  return codeOf(error)?.startsWith('ERR_SSL_') && typeof reason === 'string' ? reason : undefined;
}

function codeOf(error: Error): string | undefined {
  const { code } = error as NodeJS.ErrnoException;
  return typeof code === 'string' ? code : undefined;
}
