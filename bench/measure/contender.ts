import '../no-source-maps';
import { createRequire } from 'node:module';
import 'botbuilder-adapter-facebook';
import { openBench } from '../open-bench';
import type { Scene } from '../row';
import type { Contenders } from './apart';

/**
 * One contender of a row: gets ready, and takes a turn whenever it is told to, until its parent ends. Each has a bot's
 * adapter loaded, needed or not, for what is in memory makes all collections of garbage take longer.
 */
async function main([file = '', name = '', given = '']: readonly string[]): Promise<void> {
  const { contenders } = createRequire(__filename)(file) as {
    contenders: Contenders<string, unknown, unknown>;
  };
  const { scene, settings } = JSON.parse(given) as { scene: Scene; settings: unknown };
  const turn = await contenders[name]?.(openBench(scene), settings);
  if (!turn) throw new Error(`Expected ${file} to export a contender ${name}`);
  process.on('message', () => {
    void turn().then((result) => process.send?.(result));
  });
  process.send?.('ready');
}

process.on('disconnect', () => process.exit());
void main(process.argv.slice(2));
