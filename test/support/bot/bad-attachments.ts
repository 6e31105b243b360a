import { mkdir, symlink, truncate } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { audio, file, image, video, type AttachmentErrorCode } from '../../../src/index';
import type { Folder } from '../files/folder';
import { readAsset } from '../files/assets';

const MB = 1024 * 1024;

/** Writes the files that `BAD_MESSAGES` name, and a good one: `tom.jpg`. */
export async function writeBadFiles(folder: Folder): Promise<void> {
  await folder.write('tom.jpg', readAsset('cats/tom.jpg'));
  await folder.write('../outside.jpg', readAsset('cats/tom.jpg'));
  await folder.write('empty.jpg', '');
  await folder.write('noise', Buffer.from([1, 2, 3]));
  await mkdir(folder.at('cats'));
  await symlink(outside(folder), folder.at('link.jpg'));
  await truncate(await folder.write('large.mp4', 'x'), 25 * MB + 1);
}

const outside = (folder: Folder) => folder.at('..', 'outside.jpg');

const withAttachment = (attachment: unknown) => ({ attachment });
const withPayload = (payload?: unknown) => withAttachment({ type: 'image', payload });
const withElement = (element: object) =>
  withAttachment({ type: 'template', payload: { template_type: 'media', elements: [element] } });

/** Messages that cannot be sent, by the error's code. */
const BY_CODE: Partial<Record<AttachmentErrorCode, Record<string, (folder: Folder) => object>>> = {
  ERR_ATTACHMENT_NOT_FOUND: {
    'a missing file': () => image('no.jpg'),
    'a missing file that is not to be saved': () => image('no.jpg', { reusable: false }),
    'a missing file in a media template': () => withElement({ media_type: 'image', url: 'no.jpg' }),
    'a file in a file': () => image('tom.jpg/tom.jpg'),
    'a name longer than names can be': () => image(`${'x'.repeat(300)}.jpg`),
  },
  ERR_ATTACHMENT_NOT_A_FILE: {
    'a folder': () => file('cats'),
    'the root itself': () => file('.'),
  },
  ERR_ATTACHMENT_EMPTY: {
    'an empty file': () => image('empty.jpg'),
    'an empty Buffer': () => image(Buffer.alloc(0)),
    'an empty data: URI': () => file('data:text/plain,'),
  },
  ERR_ATTACHMENT_TOO_LARGE: {
    'a file over 25 MB': () => video('large.mp4'),
    'a Buffer over 25 MB': () => file(Buffer.alloc(25 * MB + 1)),
  },
  ERR_ATTACHMENT_TYPE_MISMATCH: {
    'a picture as a sound': () => audio('tom.jpg'),
    'a picture as a video in a media template': () => withElement({ media_type: 'video', url: 'tom.jpg' }),
    'bytes of a picture as a video': () => video(readAsset('paw.png')),
    'a picture of unknown content': () => image('noise'),
  },
  ERR_ATTACHMENT_OUTSIDE_ROOT: {
    'a path out of the root': () => image('../outside.jpg'),
    'an absolute path outside': (folder) => image(outside(folder)),
    'a file: URL outside': (folder) => image(pathToFileURL(outside(folder))),
    'a link that leads outside': () => image('link.jpg'),
  },
  ERR_ATTACHMENT_BAD_SOURCE: {
    'a path with a null byte': () => image('tom.jpg\0.png'),
    'an address without a host': () => image('https://'),
    'an invalid address': () => image('https://[::bad/cat.jpg'),
    'an address with an unsupported protocol': () => image('ftp://example.com/cat.jpg'),
    'a file: URL on another host': () => image('file://elsewhere/cat.jpg'),
    'an invalid data: URI': () => image('data:image/png;base64'),
    'an empty url': () => withPayload({ url: '' }),
    'a blank url': () => image('  '),
    'a number for a url': () => withPayload({ url: 5 }),
    'an object for a url': () => withPayload({ url: {} }),
    'a url and bytes': () => withPayload({ url: 'tom.jpg', filedata: Buffer.from('x') }),
    'a list of numbers for bytes': () => withPayload({ filedata: [1, 2, 3] }),
    'a Buffer from JSON with no bytes in it': () =>
      withPayload({ filedata: { type: 'Buffer', data: [256] } }),
    'a number for a filename': () => withPayload({ url: 'tom.jpg', filename: 5 }),
    'an empty payload': () => withPayload({}),
    'no payload': () => withPayload(),
    'null for a payload': () => withPayload(null),
    'a number for a payload': () => withPayload(5),
    'text for a payload': () => withPayload('tom.jpg'),
    'a list for a payload': () => withPayload(['tom.jpg']),
    'a number for an attachment': () => withAttachment(5),
    'text for an attachment': () => withAttachment('tom.jpg'),
    'a list for an attachment': () => withAttachment([]),
    'an attachment without a type': () => withAttachment({ payload: { url: 'tom.jpg' } }),
    'a number for a type': () => withAttachment({ type: 5, payload: { url: 'tom.jpg' } }),
    'a misspelt type': () => withAttachment({ type: 'imgae', payload: { url: 'tom.jpg' } }),
    'a misspelt type among several attachments': () => ({
      attachments: [{ type: 'imgae', payload: { url: 'tom.jpg' } }],
    }),
    'a sound in a media template': () => withElement({ media_type: 'audio', url: 'tom.mp3' }),
    'nothing in a media template': () => withElement({ media_type: 'image' }),
  },
};

export const BAD_MESSAGES = Object.entries(BY_CODE).flatMap(([code, messages]) =>
  Object.entries(messages).map(([what, write]) => ({ code, what, write })),
);
