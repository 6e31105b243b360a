import { isIP } from 'node:net';
import { type Request, type RequestHandler } from 'express';

/** Whose requests are answered. */
export interface AllowedHosts {
  /** The address that the servers listen at. */
  listeningAt: string;
  /** Further names by which clients may call, in lower case. */
  names: readonly string[];
}

/**
 * Refuses what web pages of others send. A page that a developer happens to visit may send requests to this machine,
 * and by DNS rebinding even read the answers: then `Host` names the page's site, or `Origin` does, or the browser says
 * in `Sec-Fetch-Site` that another site sent it.
 */
export function onlyLocal(allowed: AllowedHosts): RequestHandler {
  return (req, res, next) => {
    const problem = problemOf(req, allowed);
    if (problem === undefined) {
      next();
      return;
    }
    const message = `The simulator answers only to this machine: ${problem}`;
    // Whoever calls the Graph API reads errors in its shape.
    const isGraph = req.path !== '/' && !/^\/_sim(\/|$)/.test(req.path);
    res.status(403).json({ error: isGraph ? { message, type: 'SimulatorError', code: 200 } : message });
  };
}

function problemOf(req: Request, allowed: AllowedHosts): string | undefined {
  const { host, origin } = req.headers;
  const name = hostnameOf(`http://${host ?? ''}`);
  if (!isOwn(name, allowed)) {
    const hint = name === '' ? '' : `; to allow it: --allow-host ${name}`;
    return `Host must be local${hint}`;
  }
  if (origin !== undefined) {
    const isSame = origin.replace(/^https?:\/\//, '') === host;
    return isSame || isOwnName(hostnameOf(origin), allowed) ? undefined : 'Origin must be local';
  }
  // Browsers leave Origin out of some requests, such as those for images. A link to the UI may stand on any page.
  if (req.headers['sec-fetch-site'] !== 'cross-site' || isVisit(req)) return undefined;
  return 'another web site sent this request';
}

/** The UI, and where a bot's login page leads back to, with a token that nobody can guess. */
const VISITED = ['/', '/_sim/account_linking'];

function isVisit({ method, path, headers }: Request): boolean {
  return (
    method === 'GET' &&
    VISITED.includes(path) &&
    headers['sec-fetch-mode'] === 'navigate' &&
    headers['sec-fetch-dest'] === 'document'
  );
}

function isOwn(host: string, allowed: AllowedHosts): boolean {
  if (isOwnName(host, allowed) || host === allowed.listeningAt) return true;
  // Listening at an outer address was asked for. A number cannot be rebound, only a name can.
  return !isLoopback(allowed.listeningAt) && isIP(host) !== 0;
}

function isOwnName(host: string, { names }: AllowedHosts): boolean {
  return isLoopback(host) || names.includes(host);
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

function hostnameOf(url: string): string {
  return URL.canParse(url) ? new URL(url).hostname.replace(/^\[|\]$/g, '') : '';
}
