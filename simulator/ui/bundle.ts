import path from 'node:path';
import { build } from 'esbuild';

export interface Bundle {
  script: string;
  style: string;
}

/** The script and the style sheet of the UI, for a browser. */
export async function bundle(): Promise<Bundle> {
  const { outputFiles } = await build({
    entryPoints: [path.join(__dirname, 'main.tsx')],
    outdir: __dirname, // Nothing is written there; the files need names.
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
