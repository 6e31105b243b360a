import '../no-source-maps';
import { openBench } from '../open-bench';
import type { Contenders } from './apart';

/** One contender of a row: gets ready, and takes a turn whenever it is told to, until its parent ends. */
async function main([file = '', name = '', scene = '', settings]: readonly string[]): Promise<void> {
  const { contenders } = (await import(file)) as { contenders: Contenders<string, unknown, unknown> };
  const turn = await contenders[name]?.(openBench(scene), settings && JSON.parse(settings));
  if (!turn) throw new Error(`Expected ${file} to export a contender ${name}`);
  process.on('message', () => {
    void turn().then((result) => process.send?.(result));
  });
  process.send?.('ready');
}

process.on('disconnect', () => process.exit());
void main(process.argv.slice(2));
