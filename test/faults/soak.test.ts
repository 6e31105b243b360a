import path from 'node:path';
import { runCommand } from '../support/processes/command';
import { TYPESCRIPT } from '../support/processes/typescript';

const TIMEOUT = 180_000;

describe('A soak', function () {
  this.timeout(TIMEOUT + 10_000);

  it('of more assets than memory holds leaves heap and handles as they were (the short one)', async () => {
    const program = path.join(__dirname, 'soak.ts');
    const size = ['--sends', '8000', '--assets', '800', '--memory', '50'];
    const { stdout } = await runCommand(process.execPath, [...TYPESCRIPT, program, ...size], {
      cwd: path.join(__dirname, '../..'),
      timeout: TIMEOUT,
    });
    console.log(stdout.trim().split('\n').slice(-4).join('\n').replaceAll(/^/gm, '      '));
  });
});
