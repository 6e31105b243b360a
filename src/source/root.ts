import { constants, realpathSync, type Stats } from 'node:fs';
import { open, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { AttachmentError } from '../base/errors';
import { didYouMean } from '../base/similar-name';
import { isEscaped, isMissing, toAttachmentError } from './file-error';
import { fileOperations } from './file-operations';
import { OpenFile } from './open-file';
import { findSimilarPath } from './similar-path';
import { adviceOnScheme } from './web-address';

/** Opening a FIFO for reading would wait for a writer. (Windows has neither the flag nor the FIFO.) */
const OPEN_FLAGS = constants.O_RDONLY | ((constants.O_NONBLOCK as number | undefined) ?? 0);

/**
 * The one folder that local files may be sent from. What names a file can hold text that a user typed, so only regular
 * files whose real path lies inside the real folder are opened.
 */
export class Root {
  readonly #folder: string;
  readonly #real: string;

  constructor(folder: string) {
    this.#folder = path.resolve(folder);
    this.#real = realpathSync(this.#folder);
  }

  /**
   * The absolute path that a name stands for, as far as can be told without touching a file.
   *
   * @throws {AttachmentError} `ERR_ATTACHMENT_OUTSIDE_ROOT`, `ERR_ATTACHMENT_BAD_SOURCE`
   */
  locate(name: string, label: string): string {
    if (name.includes('\0')) {
      throw new AttachmentError('ERR_ATTACHMENT_BAD_SOURCE', label, 'a path cannot hold a null byte');
    }
    const file = path.resolve(this.#folder, name);
    if (isInside(this.#folder, file) || isInside(this.#real, file)) return file;
    throw outside(label, adviceOnScheme(name));
  }

  /** A located file's path from the root, with slashes on every system; a name that gives the same file again. */
  relative(file: string): string {
    const folder = isInside(this.#folder, file) ? this.#folder : this.#real;
    const name = path.relative(folder, file).split(path.sep).join('/');
    // Otherwise it could be taken for an address, or for nothing at all.
    return /:|^\s/.test(name) ? `./${name}` : name;
  }

  /**
   * Opens a located file. It is opened first and then checked, so that nothing can be put in its place in between: the
   * descriptor must be the very file that is found under a real path inside the root. The check before only spares
   * opening what has no business here, a device for example.
   *
   * @throws {AttachmentError} `ERR_ATTACHMENT_OUTSIDE_ROOT`, `_NOT_FOUND`, `_NOT_A_FILE`, `_UNREADABLE`, `_CHANGED`
   */
  async open(file: string, label: string): Promise<OpenFile> {
    try {
      return await fileOperations.run(
        'content',
        file,
        () => this.#open(file, label),
        (opened) => opened.close(),
      );
    } catch (error) {
      throw await this.toError(error, file, label);
    }
  }

  /**
   * What a failed operation on a located file means to the bot's author. If there is no such file: where that was
   * looked for.
   */
  async toError(error: unknown, file: string, label: string): Promise<AttachmentError> {
    if (!isMissing(error)) return toAttachmentError(error, label);
    const missing = `there is no such file in ${JSON.stringify(this.#folder)}`;
    return new AttachmentError(
      'ERR_ATTACHMENT_NOT_FOUND',
      label,
      missing + (await this.#adviceOn(file, label)),
    );
  }

  async #adviceOn(file: string, label: string): Promise<string> {
    if (isEscaped(label))
      return '; the name was HTML-escaped: in a script, write {{{vars.name}}} with three braces';
    const name = this.relative(file);
    return didYouMean(await findSimilarPath(this.#folder, name)) + adviceOnScheme(name);
  }

  async #open(file: string, label: string): Promise<OpenFile> {
    await this.#find(file, label);
    const handle = await open(file, OPEN_FLAGS);
    try {
      const stats = await handle.stat();
      const found = await this.#find(file, label);
      if (found.dev === stats.dev && found.ino === stats.ino) return new OpenFile(handle, stats, file, label);
      throw new AttachmentError(
        'ERR_ATTACHMENT_CHANGED',
        label,
        'it was replaced by another file while it was opened',
      );
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  async #find(file: string, label: string): Promise<Stats> {
    // The root too is resolved each time: deployments switch it by a symlink. One after the other: see FileOperations.
    const root = await realpath(this.#folder);
    const real = await realpath(file);
    if (!isInside(root, real)) throw outside(label);
    const stats = await stat(real);
    if (stats.isFile()) return stats;
    const kind = stats.isDirectory() ? 'it is a folder' : 'it is not a regular file';
    throw new AttachmentError('ERR_ATTACHMENT_NOT_A_FILE', label, kind);
  }
}

function outside(label: string, advice = ''): AttachmentError {
  return new AttachmentError(
    'ERR_ATTACHMENT_OUTSIDE_ROOT',
    label,
    `it is outside \`root\`, the only folder that local files are read from${advice}`,
  );
}

function isInside(folder: string, file: string): boolean {
  const way = path.relative(folder, file);
  return way !== '..' && !way.startsWith(`..${path.sep}`) && !path.isAbsolute(way);
}
