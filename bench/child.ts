import './no-source-maps';
import { createRequire } from 'node:module';
import { openBench } from './open-bench';
import type { Row, Scene } from './row';

/** Runs one row in a process of its own, and tells its parent what was measured. */
async function main([file = '', scene = '']: readonly string[]): Promise<void> {
  const { row } = createRequire(__filename)(file) as { row: Row };
  const result = await row(openBench(JSON.parse(scene) as Scene));
  process.send?.(result, () => process.exit());
}

void main(process.argv.slice(2));
