import { existsSync } from 'node:fs';
import path from 'node:path';
import express, { type RequestHandler, type Router } from 'express';
import { type Bundle } from '../ui/bundle';

const FOLDER = path.join(__dirname, '../ui');

const SECURITY = {
  'Content-Security-Policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "media-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; '),
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-cache',
};

/** The package brings the UI bundled. In a clone of the repository it is bundled when somebody first opens it. */
const IS_BUNDLED = existsSync(path.join(FOLDER, 'ui.js'));

/** The UI, at `/`; no path of the Graph API is in its way. */
export function uiRoutes(): Router {
  const router = express.Router();
  const serveFile = (name: string): RequestHandler => {
    return (_req, res) => {
      res.set(SECURITY).sendFile(path.join(FOLDER, name), { cacheControl: false });
    };
  };
  const serveBundled = (name: string, part: keyof Bundle): RequestHandler => {
    if (IS_BUNDLED) return serveFile(name);
    return async (_req, res) => {
      const text = (await bundleOnce())[part];
      res.set(SECURITY).type(path.extname(name)).send(text);
    };
  };
  router.get('/', serveFile('index.html'));
  router.get('/_sim/ui/icon.svg', serveFile('icon.svg'));
  router.get('/_sim/ui/ui.js', serveBundled('ui.js', 'script'));
  router.get('/_sim/ui/ui.css', serveBundled('ui.css', 'style'));
  return router;
}

let bundled: Promise<Bundle> | undefined;

function bundleOnce(): Promise<Bundle> {
  bundled ??= import('../ui/bundle.js')
    .then(({ bundle }) => bundle())
    .catch((error: unknown) => {
      bundled = undefined;
      throw error;
    });
  return bundled;
}
