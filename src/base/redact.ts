const ADDRESS = /\b([a-z][a-z0-9+.-]*:\/\/)([^\s"'<>]+)/gi;
const CREDENTIAL =
  /\b(access_token|appsecret_proof|client_secret|app_secret)(["']?\s*[=:]\s*["']?)[^\s"'&,}]+/gi;
const USER_INFO = /^[^/?#]*@/;

/**
 * A text from elsewhere (Facebook's error message, a store's), fit for logs: addresses lose user name, password,
 * query string and fragment, credentials lose their value, and so does each of `secrets` wherever it stands.
 */
export function redact(text: string, secrets: readonly string[] = []): string {
  let clean = text
    .replace(ADDRESS, (_, scheme: string, rest: string) => scheme + bare(rest))
    .replace(CREDENTIAL, '$1$2…');
  for (const secret of secrets) clean = clean.replaceAll(secret, '…');
  return clean;
}

/** A web address as it may be shown: a query string can hold a signature, and a user name a password. */
export function withoutSecrets(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}

/** A path as it may be shown: it can be an address that forgot its scheme. */
export function withoutQuery(name: string): string {
  return name.replace(/^\/\/[^/]*@/, '//').replace(/\?.*=.*/s, '');
}

function bare(address: string): string {
  return address.replace(USER_INFO, '').replace(/[?#].*/, '');
}
