import path from 'node:path';
import express, { type RequestHandler, type Router } from 'express';
import { onlyLocal } from './only-local';

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

/** The page for people, at `/`; no path of the Graph API is in its way. */
export function pageRoute(host: string): Router {
  const router = express.Router();
  const guard = onlyLocal(host);
  const serve = (type: string, content: () => string | Promise<string>): RequestHandler[] => [
    guard,
    async (_req, res) => {
      const text = await content();
      res.set(SECURITY).type(type).send(text);
    },
  ];
  router.get('/', guard, (_req, res) => {
    res.set(SECURITY).sendFile(path.join(FOLDER, 'index.html'), { cacheControl: false });
  });
  router.get('/_sim/ui/icon.svg', guard, (_req, res) => {
    res.set(SECURITY).sendFile(path.join(FOLDER, 'icon.svg'), { cacheControl: false });
  });
  router.get('/_sim/ui/ui.js', ...serve('js', async () => (await bundle()).script));
  router.get('/_sim/ui/ui.css', ...serve('css', async () => (await bundle()).style));
  return router;
}

interface Bundle {
  script: string;
  style: string;
}

let bundled: Promise<Bundle> | undefined;

/** Made when somebody first looks at the page: bots and tests that never do need not wait for it. */
function bundle(): Promise<Bundle> {
  bundled ??= build().catch((error: unknown) => {
    bundled = undefined;
    throw error;
  });
  return bundled;
}

async function build(): Promise<Bundle> {
  const esbuild = await import('esbuild');
  const { outputFiles } = await esbuild.build({
    entryPoints: [path.join(FOLDER, 'main.tsx')],
    outdir: FOLDER, // Nothing is written there; the files need names.
    write: false,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    legalComments: 'none',
  });
  const output = (ending: string) => outputFiles.find((file) => file.path.endsWith(ending))?.text ?? '';
  return { script: output('.js'), style: output('.css') };
}
