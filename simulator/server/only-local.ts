import { isIP } from 'node:net';
import { type RequestHandler } from 'express';

/**
 * Keeps web pages of others out of the control API. A page that a developer happens to visit may send requests to
 * this machine, and by DNS rebinding even read the answers: then `Host` names the page's site, or `Origin` does.
 */
export function onlyLocal(listeningAt: string): RequestHandler {
  return (req, res, next) => {
    const host = hostnameOf(`http://${req.headers.host ?? ''}`);
    const { origin } = req.headers;
    const sameSite = origin === undefined || origin.replace(/^https?:\/\//, '') === req.headers.host;
    if (isOwn(host, listeningAt) && (sameSite || isLoopback(hostnameOf(origin)))) {
      next();
      return;
    }
    res
      .status(403)
      .json({ error: 'The control API answers only to this machine: Host and Origin must be local' });
  };
}

function isOwn(host: string, listeningAt: string): boolean {
  if (isLoopback(host) || host === listeningAt) return true;
  // Listening at an outer address was asked for. A number cannot be rebound, only a name can.
  return !isLoopback(listeningAt) && isIP(host) !== 0;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

function hostnameOf(url: string): string {
  return URL.canParse(url) ? new URL(url).hostname.replace(/^\[|\]$/g, '') : '';
}
