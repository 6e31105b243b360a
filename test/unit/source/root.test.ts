import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import sinon from 'sinon';
import { toAttachmentError } from '../../../src/source/file-error';
import { Root } from '../../../src/source/root';
import { expectedAttachmentError } from '../../support/checks/sample-errors';
import { useFolder } from '../../support/files/folder';
import { MERE_NAMES, WAYS_OUT } from '../../support/files/hostile-names';
import { inTime } from '../../support/checks/waiting';

const LABEL = 'image "it"';

const OUTSIDE = expectedAttachmentError(
  'ERR_ATTACHMENT_OUTSIDE_ROOT',
  LABEL,
  'it is outside `root`, the only folder that local files are read from',
);
const notFound = (root: string): object =>
  expectedAttachmentError(
    'ERR_ATTACHMENT_NOT_FOUND',
    LABEL,
    `there is no such file in ${JSON.stringify(root)}`,
  );
const A_FOLDER = expectedAttachmentError('ERR_ATTACHMENT_NOT_A_FILE', LABEL, 'it is a folder');
const NO_REGULAR_FILE = expectedAttachmentError(
  'ERR_ATTACHMENT_NOT_A_FILE',
  LABEL,
  'it is not a regular file',
);
const unreadable = (why: string): object =>
  expectedAttachmentError('ERR_ATTACHMENT_UNREADABLE', LABEL, `it cannot be read (${why})`);

describe('Root', () => {
  const folder = useFolder();
  let root: Root;

  beforeEach(async () => {
    await folder.write('cats/tom.png', 'INSIDE');
    await folder.write('../secret.png', 'SECRET');
    await folder.write('../root-2/secret.png', 'SECRET');
    root = new Root(folder.path);
  });
  afterEach(() => {
    sinon.restore();
  });

  /** What is read by a name. */
  async function read(name: string, from = root): Promise<string> {
    const opened = await from.open(from.locate(name, LABEL), LABEL);
    try {
      const content = await text(opened.read());
      assert.equal(opened.stats.size, Buffer.byteLength(content));
      return content;
    } finally {
      await opened.close();
    }
  }

  const link = (target: string, name: string): Promise<void> => fs.symlink(target, folder.at(name));

  describe('files inside', () => {
    const names = [
      'cats/tom.png',
      './cats/tom.png',
      'cats//tom.png',
      'cats/../cats/tom.png',
      'nowhere/../cats/tom.png',
      'cats/tom.png/',
    ];
    for (const name of names) {
      it(`opens ${name}`, async () => {
        assert.equal(await read(name), 'INSIDE');
      });
    }

    it('opens an absolute path', async () => {
      assert.equal(await read(folder.at('cats/tom.png')), 'INSIDE');
    });

    const odd = [
      '..tom.png',
      '...',
      '..cats/tom.png',
      'tom:cat.png',
      'tom cat.png',
      'Käterchen.png',
      '%2e%2e',
      'cats\\tom.png',
      '-rf',
    ];
    for (const name of odd) {
      it(`opens a file that is really called ${name}`, async () => {
        await folder.write(name, 'ODD');
        assert.equal(await read(name), 'ODD');
      });
    }

    it('opens a file when the root was named by a relative path', async () => {
      assert.equal(await read('cats/tom.png', new Root(path.relative(process.cwd(), folder.path))), 'INSIDE');
    });
  });

  describe('files outside', () => {
    for (const name of WAYS_OUT) {
      it(`refuses ${name}`, async () => {
        await assert.rejects(read(name), OUTSIDE);
      });
    }

    it('refuses the absolute path of a file beside the root', async () => {
      await assert.rejects(read(folder.at('../secret.png')), OUTSIDE);
      await assert.rejects(read(`${folder.path}-2/secret.png`), OUTSIDE);
    });

    it('refuses them without touching a file', () => {
      assert.throws(() => root.locate('../nowhere/secret.png', LABEL), OUTSIDE);
    });

    for (const name of MERE_NAMES) {
      it(`takes ${name} for a name, and finds nothing`, async () => {
        await assert.rejects(read(name), notFound(folder.path));
      });
    }

    for (const name of ['\0', 'cats/tom.png\0', 'cats/tom.png\0.jpg', '../secret.png\0']) {
      it(`refuses the null byte in ${JSON.stringify(name)}`, async () => {
        await assert.rejects(
          read(name),
          expectedAttachmentError('ERR_ATTACHMENT_BAD_SOURCE', LABEL, 'a path cannot hold a null byte'),
        );
      });
    }
  });

  describe('symlinks', () => {
    it('are followed inside', async () => {
      await link('cats/tom.png', 'link.png');
      await link('../cats', 'cats/cats');
      await link(folder.at('cats'), 'absolute');
      assert.equal(await read('link.png'), 'INSIDE');
      assert.equal(await read('cats/cats/cats/tom.png'), 'INSIDE');
      assert.equal(await read('absolute/tom.png'), 'INSIDE');
    });

    const waysOut: [what: string, target: string, name: string][] = [
      ['a file outside', '../secret.png', 'link'],
      ['a folder outside', '../root-2', 'link/secret.png'],
      ['the folder above', '..', 'link/secret.png'],
      ['/', '/', 'link/etc/passwd'],
      ['an endless device', '/dev/zero', 'link'],
      ['what the process knows', '/proc/self/environ', 'link'],
      ['another link that leads out', 'other', 'link'],
    ];
    for (const [what, target, name] of waysOut) {
      it(`do not lead to ${what}`, async () => {
        await link('../secret.png', 'other');
        await link(target, 'link');
        await assert.rejects(inTime('a refusal', read(name), 5_000), OUTSIDE);
      });
    }

    it('do not lead out and in again', async () => {
      await link('../root-2', 'link');
      await fs.symlink(folder.path, folder.at('../root-2/back'));
      assert.equal(await read('link/back/cats/tom.png'), 'INSIDE');
      await assert.rejects(read('link/back/../secret.png'), OUTSIDE);
    });

    it('that lead nowhere find nothing', async () => {
      await link('nowhere', 'link');
      await assert.rejects(read('link'), notFound(folder.path));
    });

    it('that lead in a circle cannot be read', async () => {
      await link('link', 'link');
      await assert.rejects(read('link'), unreadable('ELOOP'));
    });
  });

  describe('a root that is a symlink', () => {
    let current: string;
    let switched: Root;

    beforeEach(async () => {
      await folder.write('v1/tom.png', 'FIRST');
      await folder.write('v2/tom.png', 'SECOND');
      current = folder.at('current');
      await fs.symlink('v1', current);
      switched = new Root(current);
    });

    async function deploy(): Promise<void> {
      await fs.symlink('v2', `${current}.new`);
      await fs.rename(`${current}.new`, current);
    }

    it('is what it leads to, at each time', async () => {
      assert.equal(await read('tom.png', switched), 'FIRST');
      await deploy();
      assert.equal(await read('tom.png', switched), 'SECOND');
      assert.equal(await read(path.join(current, 'tom.png'), switched), 'SECOND');
    });

    it('has its files under its real path too, but only under the one of today', async () => {
      assert.equal(await read(folder.at('v1/tom.png'), switched), 'FIRST');
      await assert.rejects(read(folder.at('v2/tom.png'), switched), OUTSIDE);
      await deploy();
      await assert.rejects(read(folder.at('v1/tom.png'), switched), OUTSIDE);
    });

    it('that is taken away has no files', async () => {
      await fs.rm(current);
      await assert.rejects(read('tom.png', switched), notFound(current));
    });
  });

  describe('what is no file', () => {
    for (const name of ['cats', 'cats/', '.', '', 'cats/..', 'cats/tom.png/..']) {
      it(`refuses the folder ${JSON.stringify(name)}`, async () => {
        await assert.rejects(read(name), A_FOLDER);
      });
    }

    it('refuses a FIFO, and does not wait for a writer', async () => {
      execFileSync('mkfifo', [folder.at('fifo')]);
      await assert.rejects(inTime('a refusal', read('fifo'), 5_000), NO_REGULAR_FILE);
    });

    it('refuses a socket', async () => {
      const server = createServer().listen(folder.at('socket'));
      await once(server, 'listening');
      await assert.rejects(read('socket'), NO_REGULAR_FILE);
      server.close();
    });
  });

  describe('the path from the root', () => {
    const relative = (name: string, from = root): string => from.relative(from.locate(name, LABEL));

    it('is the shortest one', () => {
      assert.equal(relative('./cats//../cats/tom.png'), 'cats/tom.png');
      assert.equal(relative(folder.at('cats/tom.png')), 'cats/tom.png');
    });

    it('is the same by the real path of a root that is a link', async () => {
      await fs.symlink('root', folder.at('../link'));
      const linked = new Root(folder.at('../link'));
      assert.equal(relative(folder.at('cats/tom.png'), linked), 'cats/tom.png');
      assert.equal(relative(folder.at('../link/cats/tom.png'), linked), 'cats/tom.png');
    });

    it('cannot be taken for an address, or for nothing', () => {
      for (const name of ['./data:,x', './http:/cats/tom.png', './ cat.png', './ ']) {
        assert.equal(relative(name), name);
      }
    });
  });

  describe('what is not there, or not for us', () => {
    const absent: [what: string, name: string][] = [
      ['a file', 'cats/mia.png'],
      ['a folder', 'dogs/rex.png'],
      ['a file in a file', 'cats/tom.png/mia.png'],
      ['a name longer than names can be', 'x'.repeat(300)],
    ];
    for (const [what, name] of absent) {
      it(`finds no such ${what}`, async () => {
        await assert.rejects(read(name), notFound(folder.path));
      });
    }

    for (const escape of ['&#x2F;', '&#x3D;', '&#x60;', '&#39;', '&amp;', '&lt;', '&gt;', '&quot;']) {
      it(`says that a name with ${escape} was HTML-escaped`, async () => {
        const label = `image "cats${escape}tom.png"`;
        await assert.rejects(
          root.open(root.locate(`cats${escape}tom.png`, label), label),
          expectedAttachmentError(
            'ERR_ATTACHMENT_NOT_FOUND',
            label,
            `there is no such file in ${JSON.stringify(folder.path)}; the name was HTML-escaped: in a script, write {{{vars.name}}} with three braces`,
          ),
        );
      });
    }

    it('does not say so of a mere ampersand', async () => {
      const label = 'image "tom & mia; amp;.png"';
      await assert.rejects(root.open(root.locate('tom & mia; amp;.png', label), label), {
        message: `Cannot send ${label}: there is no such file in ${JSON.stringify(folder.path)}`,
      });
    });

    it('says why a file cannot be read', async () => {
      await fs.chmod(folder.at('cats/tom.png'), 0);
      await fs.chmod(folder.at('..'), 0o755);
      await assert.rejects(
        withoutRootRights(() => read('cats/tom.png')),
        unreadable('EACCES'),
      );
    });

    it('says that a folder is no file when it is found out by reading it', async () => {
      const error: unknown = await fs.readFile(folder.at('cats')).catch((failure: unknown) => failure);
      assert.throws(() => {
        throw toAttachmentError(error, LABEL);
      }, NO_REGULAR_FILE);
    });

    it('says so of a failure without a code, too', async () => {
      sinon.stub(fs, 'open').rejects(new Error('the disk is on fire'));
      await assert.rejects(read('cats/tom.png'), unreadable('the disk is on fire'));
    });
  });
});

/** Does something without the rights of root, if the tests run as root. */
async function withoutRootRights<T>(work: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return work();
  process.seteuid?.('nobody');
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
  }
}
