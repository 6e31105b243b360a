import { execFile } from 'node:child_process';
import { appendFile, mkdir, rename, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { AttachmentErrorCode } from '../../../src';

/** Something that happens to a file. */
export interface FileFault {
  readonly name: string;
  readonly happens: (file: string) => Promise<unknown>;
  /** What stands in the file afterwards, if it can be sent; else what is wrong with it. */
  readonly leaves: Uint8Array | AttachmentErrorCode;
  /** Whoever has opened the file before reads it as it was. */
  readonly sparesReaders?: true;
}

/** What can happen to a file that holds `old`. */
export function fileFaults(old: Buffer): readonly FileFault[] {
  const fresh = Buffer.alloc(old.length, 'new ');
  const added = Buffer.from('a little more');
  const shorter = old.length - 7;
  return [
    { name: 'is written anew', happens: (file) => writeFile(file, fresh), leaves: fresh },
    { name: 'grows', happens: (file) => appendFile(file, added), leaves: Buffer.concat([old, added]) },
    { name: 'shrinks', happens: (file) => truncate(file, shorter), leaves: old.subarray(0, shorter) },
    { name: 'loses its content', happens: (file) => truncate(file), leaves: 'ERR_ATTACHMENT_EMPTY' },
    { name: 'is only touched', happens: (file) => utimes(file, 1, 1), leaves: old },
    {
      name: 'is replaced by another',
      happens: async (file) => {
        await writeFile(`${file}.new`, fresh);
        await rename(`${file}.new`, file);
      },
      leaves: fresh,
      sparesReaders: true,
    },
    {
      name: 'vanishes',
      happens: (file) => rm(file),
      leaves: 'ERR_ATTACHMENT_NOT_FOUND',
      sparesReaders: true,
    },
    {
      name: 'gives way to a folder',
      happens: (file) => rm(file).then(() => mkdir(file)),
      leaves: 'ERR_ATTACHMENT_NOT_A_FILE',
      sparesReaders: true,
    },
    {
      name: 'gives way to a pipe',
      happens: (file) => rm(file).then(() => promisify(execFile)('mkfifo', [file])),
      leaves: 'ERR_ATTACHMENT_NOT_A_FILE',
      sparesReaders: true,
    },
    {
      name: 'gives way to a link that leads out',
      happens: (file) => rm(file).then(() => symlink(__filename, file)),
      leaves: 'ERR_ATTACHMENT_OUTSIDE_ROOT',
      sparesReaders: true,
    },
  ];
}
