/**
 * Names by which file servers were led out of their folder. Beside the root lie `secret.png` and `root-2/secret.png`.
 */
export const WAYS_OUT: readonly string[] = [
  '../secret.png',
  './../secret.png',
  'cats/../../secret.png',
  'cats/../cats/../../secret.png',
  './/..//secret.png',
  '../root-2/secret.png',
  '..',
  '../',
  '../root/../secret.png',
  '../../../../../../../../../../etc/passwd',
  '/etc/passwd',
  '//etc/passwd',
  '/./etc/passwd',
  '/dev/zero',
  '/dev/stdin',
  '/proc/self/environ',
  '/proc/self/fd/0',
  '/proc/self/cwd/package.json',
];

/**
 * Names that mean something elsewhere: to a web server, a shell, Windows, Unicode. Here they are names, and of no file.
 */
export const MERE_NAMES: readonly string[] = [
  '%2e%2e/secret.png',
  '%2e%2e%2fsecret.png',
  '..%2fsecret.png',
  '..%2Fsecret.png',
  '%252e%252e%252fsecret.png',
  '..%252fsecret.png',
  '%c0%ae%c0%ae/secret.png',
  '..%c0%afsecret.png',
  '..%5csecret.png',
  '..\\secret.png',
  'cats\\..\\..\\secret.png',
  '..\u2215secret.png',
  '\uff0e\uff0e/secret.png',
  '\u2025/secret.png',
  '....//secret.png',
  '.../secret.png',
  '..;/secret.png',
  '.. /secret.png',
  '~/secret.png',
  '~root/.bashrc',
  '$HOME/secret.png',
  '`cat ../secret.png`',
  'cats/tom.png%00.jpg',
  'C:\\Windows\\win.ini',
  '\\\\host\\share\\secret.png',
  'cats/*.png',
];
