import assert from 'node:assert/strict';
import { compileFunction } from 'node:vm';
import ts from 'typescript';

/** Runs an example as if it stood in an async function where the names of `scope` are known. */
export async function runFragment(
  text: string,
  filename: string,
  scope: Readonly<Record<string, unknown>>,
): Promise<void> {
  const example: { run?: () => Promise<void> } = {};
  const { outputText } = ts.transpileModule(`example.run = async () => { ${text}\n};`, {
    compilerOptions: { target: ts.ScriptTarget.ES2022 },
  });
  const define = compileFunction(outputText, ['example', ...Object.keys(scope)], { filename }) as (
    ...values: unknown[]
  ) => void;
  define(example, ...Object.values(scope));
  assert.ok(example.run);
  await example.run();
}
