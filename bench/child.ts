import './no-source-maps';
import { openBench } from './open-bench';
import type { Row } from './row';

/** Runs one row in a process of its own, and tells its parent what was measured. */
async function main([file = '', scene = '']: readonly string[]): Promise<void> {
  const { row } = (await import(file)) as { row: Row };
  const result = await row(openBench(scene));
  process.send?.(result, () => process.exit());
}

void main(process.argv.slice(2));
