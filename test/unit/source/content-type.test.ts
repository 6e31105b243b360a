import assert from 'node:assert/strict';
import { contentTypeFor, SIGNATURE_LENGTH, type Hints } from '../../../src/source/content-type';
import type { AttachmentType } from '../../../src/source/asset';
import { expectedAttachmentError } from '../../support/checks/sample-errors';
import { readAsset } from '../../support/files/assets';

const NOTHING = new Uint8Array();
const TEXT = Buffer.from('Just some words');
const PNG = start('paw.png');
const MP4 = start('night.mp4');
const MP3 = start('lullaby.mp3');
const OGG = Buffer.from('OggS\0\x02\0\0\0\0\0\0\0\0', 'latin1');
const THEORA = oggOf('\x80theora');
const VORBIS = oggOf('\x01vorbis');
/** An EBML header whose DocType is `webm`. */
const WEBM = Buffer.from('1a45dfa39f4286810142f7810142f2810442f381084282847765626d4287810442858102', 'hex');

function start(name: string): Uint8Array {
  return readAsset(name).subarray(0, SIGNATURE_LENGTH);
}

/** A page of an Ogg, whose first packet begins so. */
function oggOf(packet: string): Uint8Array {
  return Buffer.concat([OGG, Buffer.alloc(28 - OGG.length), Buffer.from(`${packet}\0\0\0\0`, 'latin1')]);
}

describe('contentTypeFor', () => {
  const types: [what: string, type: AttachmentType, start: Uint8Array, hints: Hints, contentType: string][] =
    [
      ['believes what is declared', 'image', NOTHING, { declared: 'image/x-own' }, 'image/x-own'],
      [
        'believes it before the name',
        'image',
        PNG,
        { declared: 'image/gif', filename: 'a.png' },
        'image/gif',
      ],
      ['goes by the name when nothing is declared', 'image', NOTHING, { filename: 'a.png' }, 'image/png'],
      ['goes by the name before the content', 'image', PNG, { filename: 'a.gif' }, 'image/gif'],
      [
        'takes application/octet-stream for nothing declared',
        'image',
        NOTHING,
        { declared: 'application/octet-stream', filename: 'a.png' },
        'image/png',
      ],
      ['takes an empty declaration for none', 'image', PNG, { declared: '' }, 'image/png'],
      ['looks at the content when there is no name', 'image', PNG, {}, 'image/png'],
      ['looks at it when the name is empty', 'image', PNG, { filename: '' }, 'image/png'],
      ['looks at it when the name has no extension', 'image', PNG, { filename: 'picture' }, 'image/png'],
      ['looks at it when the extension is unknown', 'image', PNG, { filename: 'paw.what' }, 'image/png'],
      ['knows a GIF', 'image', start('blink.gif'), {}, 'image/gif'],
      ['knows a JPEG', 'image', start('cats/tom.jpg'), {}, 'image/jpeg'],
      ['knows an MP3', 'audio', MP3, {}, 'audio/mpeg'],
      ['knows a PDF', 'file', start('cat-care.pdf'), {}, 'application/pdf'],
      ['takes an MP4 for a video in a video', 'video', MP4, {}, 'video/mp4'],
      ['takes an MP4 for a sound in a sound', 'audio', MP4, {}, 'audio/mp4'],
      ['takes an Ogg for a sound in a sound', 'audio', OGG, {}, 'audio/ogg'],
      ['takes an Ogg for a video in a video', 'video', OGG, {}, 'video/ogg'],
      ['takes an Ogg that begins with film for a sound in a sound', 'audio', THEORA, {}, 'audio/ogg'],
      ['takes an Ogg that begins with sound for a video in a video', 'video', VORBIS, {}, 'video/ogg'],
      ['takes a WebM for a sound in a sound', 'audio', WEBM, {}, 'audio/webm'],
      ['takes a WebM for a video in a video', 'video', WEBM, {}, 'video/webm'],
      ['sends any file, by its name', 'file', NOTHING, { filename: 'menu.txt' }, 'text/plain'],
      ['sends any file, by its content', 'file', PNG, {}, 'image/png'],
      ['sends any file, whatever it is', 'file', TEXT, {}, 'application/octet-stream'],
      ['sends any file, as declared', 'file', NOTHING, { declared: 'text/calendar' }, 'text/calendar'],
    ];
  for (const [what, type, bytes, hints, contentType] of types) {
    it(what, () => {
      assert.equal(contentTypeFor(type, 'it', bytes, hints), contentType);
    });
  }

  const usual: Record<Exclude<AttachmentType, 'file'>, string> = {
    image: 'png jpg jpeg gif webp bmp svg tiff heic avif ico PNG',
    audio: 'mp3 m4a wav ogg oga opus aac amr flac weba MP3',
    video: 'mp4 m4v mov webm ogv avi mkv mpeg mpg 3gp wmv MP4',
  };
  for (const [type, extensions] of Object.entries(usual) as [AttachmentType, string][]) {
    it(`takes every usual extension for ${type}`, () => {
      for (const extension of extensions.split(' ')) {
        const found = contentTypeFor(type, 'it', NOTHING, { filename: `a.${extension}` });
        assert.ok(found.startsWith(`${type}/`), `${extension}: ${found}`);
      }
    });
  }

  it('does not take a name without a dot for an extension', () => {
    assert.equal(contentTypeFor('image', 'it', PNG, { filename: 'doc' }), 'image/png');
  });

  const mismatches: [what: string, type: AttachmentType, start: Uint8Array, hints: Hints, known: string][] = [
    ['a sound in an image, by its declaration', 'image', PNG, { declared: 'audio/mpeg' }, 'audio/mpeg'],
    ['a sound in an image, by its name', 'image', PNG, { filename: 'a.mp3' }, 'audio/mpeg'],
    ['a sound in an image, by its content', 'image', MP3, {}, 'audio/mpeg'],
    ['a video in an image, by its content', 'image', MP4, {}, 'video/mp4'],
    ['an image in a sound, by its content', 'audio', PNG, {}, 'image/png'],
    ['an image in a video, by its content', 'video', PNG, {}, 'image/png'],
    ['a video in a sound, by its name', 'audio', MP4, { filename: 'a.mp4' }, 'video/mp4'],
    ['a PDF in an image', 'image', NOTHING, { filename: 'a.pdf' }, 'application/pdf'],
    ['a type that only begins alike', 'image', NOTHING, { declared: 'imagery/png' }, 'imagery/png'],
  ];
  for (const [what, type, bytes, hints, known] of mismatches) {
    it(`refuses ${what}`, () => {
      assert.throws(
        () => contentTypeFor(type, `${type} "it"`, bytes, hints),
        expectedAttachmentError(
          'ERR_ATTACHMENT_TYPE_MISMATCH',
          `${type} "it"`,
          `its content type is ${known}, but an attachment of type ${type} needs ${type}/*`,
        ),
      );
    });
  }

  it('refuses what nothing tells the type of', () => {
    assert.throws(
      () => contentTypeFor('image', 'image "it"', TEXT, { filename: 'it' }),
      expectedAttachmentError(
        'ERR_ATTACHMENT_TYPE_MISMATCH',
        'image "it"',
        'neither its name nor its content shows its content type, but an attachment of type image needs image/*; set a filename with an extension',
      ),
    );
  });
});
