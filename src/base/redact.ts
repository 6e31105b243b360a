const ADDRESS = /\b([a-z][a-z0-9+.-]*:\/\/)([^\s"'<>]+)/gi;
const CREDENTIAL =
  /\b(access_token|appsecret_proof|client_secret|app_secret)(["']?\s*[=:]\s*["']?)[^\s"'&,}]+/gi;
const HTML_NAMES: Readonly<Record<string, string>> = {
  '&': 'amp',
  '<': 'lt',
  '>': 'gt',
  '"': 'quot',
  "'": 'apos',
};
const USER_INFO = /^[^/?#]*@/;

/**
 * A text from elsewhere (Facebook's error message, a store's), fit for logs: addresses lose user name, password,
 * query string and fragment, credentials lose their value, and so does each of `secrets` wherever it stands.
 */
export function redact(text: string, secrets: readonly string[] = []): string {
  let clean = text
    .replace(ADDRESS, (_, scheme: string, rest: string) => scheme + withoutQueryOrUser(rest))
    .replace(CREDENTIAL, '$1$2…');
  for (const secret of secrets) clean = clean.replace(anySpellingOf(secret), '…');
  return clean;
}

/**
 * Texts from elsewhere may quote a secret as it stands in an address or in a web page: `%2B`, `%2b`, `&amp;`, `&#x2F;`.
 */
function anySpellingOf(secret: string): RegExp {
  const characters = Array.from(secret, (character) =>
    /[a-z0-9]/i.test(character) ? character : `(?:${spellingsOf(character).join('|')})`,
  );
  return new RegExp(characters.join(''), 'gu');
}

function spellingsOf(character: string): string[] {
  const bytes = [...Buffer.from(character)].map(
    (byte) => `%${inAnyCase(byte.toString(16).padStart(2, '0'))}`,
  );
  const code = character.codePointAt(0) ?? 0;
  const name = HTML_NAMES[character];
  return [
    `\\u{${code.toString(16)}}`,
    bytes.join(''),
    `&#0*${code};`,
    `&#[xX]0*${inAnyCase(code.toString(16))};`,
    ...(name === undefined ? [] : [`&${name};`]),
  ];
}

function inAnyCase(hex: string): string {
  return hex.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
}

/** A web address as it may be shown: a query string can hold a signature, and a user name a password. */
export function withoutSecrets(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}

/** A path as it may be shown: it can be an address that forgot its scheme. */
export function withoutQuery(name: string): string {
  return name.replace(/^\/\/[^/]*@/, '//').replace(/\?.*=.*/s, '');
}

function withoutQueryOrUser(address: string): string {
  return address.replace(USER_INFO, '').replace(/[?#].*/, '');
}
