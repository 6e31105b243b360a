import path from 'node:path';
import { installOwnPackages } from '../support/processes/own-packages';

export interface NodeVersion {
  readonly name: string;
  /** Its program. */
  readonly node: string;
  /** For `NODE_OPTIONS` of the test runner alone: what is published has to do without. */
  readonly runnerOptions?: string;
}

export const NODE_VERSIONS: readonly NodeVersion[] = [
  // The lowest that is supported. Mocha requires ES modules, which is the default from 20.19 on.
  { name: '20.18.1', node: programOf('node-20'), runnerOptions: '--experimental-require-module' },
  { name: '22', node: programOf('node-22') },
  { name: '24', node: programOf('node-24') },
  { name: '26', node: programOf('node-26') },
];

/** The Node versions of this folder's package.json, from npm. */
export async function installNodeVersions(): Promise<boolean> {
  return installOwnPackages(__dirname);
}

function programOf(name: string): string {
  return path.join(__dirname, 'node_modules', name, 'bin/node');
}
