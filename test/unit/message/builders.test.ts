import assert from 'node:assert/strict';
import {
  audio,
  file,
  image,
  media,
  video,
  type AttachmentSource,
  type MediaOptions,
} from '../../../src/message/builders';
import { deepFreeze } from '../../support/checks/deep-freeze';

describe('The builders', () => {
  for (const [type, build] of Object.entries({ image, audio, video, file })) {
    it(`${type} makes a message with an attachment of its type`, () => {
      assert.deepEqual(build('cats/tom.png'), { attachment: { type, payload: { url: 'cats/tom.png' } } });
    });
  }

  it('write a URL as text, because scripts would take the object apart', () => {
    assert.deepEqual(image(new URL('https://example.com/a b.png')).attachment.payload, {
      url: 'https://example.com/a%20b.png',
    });
  });

  it('take bytes', () => {
    const revived = { type: 'Buffer', data: [1] } as const;
    for (const filedata of [Buffer.from('a'), new Uint8Array(1), new Blob(['a']), revived]) {
      const { payload } = image(filedata).attachment;
      assert.deepEqual(Object.keys(payload), ['filedata']);
      assert.equal(payload.filedata, filedata);
    }
  });

  it('say under which name to show it', () => {
    assert.deepEqual(file('menu.pdf', { filename: 'Menu.pdf' }), {
      attachment: { type: 'file', payload: { url: 'menu.pdf', filename: 'Menu.pdf' } },
    });
  });

  it('say that it is not to be saved, and otherwise say nothing of it', () => {
    assert.deepEqual(image('a.png', { reusable: false }).attachment.payload, {
      url: 'a.png',
      is_reusable: false,
    });
    // By the platform's own name, too: what is meant for one person must not be saved.
    assert.deepEqual(image('a.png', { is_reusable: false }).attachment.payload, {
      url: 'a.png',
      is_reusable: false,
    });
    assert.deepEqual(image('a.png', { reusable: true }).attachment.payload, { url: 'a.png' });
    assert.deepEqual(image('a.png', {}).attachment.payload, { url: 'a.png' });
  });

  it('put every other field into the message', () => {
    const quick_replies = [{ content_type: 'text', title: 'More', payload: 'MORE' }];
    const options = deepFreeze({
      filename: 'A.png',
      reusable: false,
      quick_replies,
      tag: 'HUMAN_AGENT' as const,
    });
    assert.deepEqual(image('a.png', options), {
      quick_replies,
      tag: 'HUMAN_AGENT',
      attachment: { type: 'image', payload: { url: 'a.png', filename: 'A.png', is_reusable: false } },
    });
  });

  it('make a media template, of a video if its name is one', () => {
    const buttons = [{ type: 'postback', title: 'More', payload: 'more' } as const];
    const elementsOf = ({ source, ...options }: MediaOptions & { source: AttachmentSource }) =>
      media(source, options).attachment.payload.elements;
    assert.deepEqual(media('cats/tom.jpg', { buttons, sharable: true, tag: 'HUMAN_AGENT' }), {
      tag: 'HUMAN_AGENT',
      attachment: {
        type: 'template',
        payload: {
          template_type: 'media',
          elements: [{ media_type: 'image', url: 'cats/tom.jpg', buttons }],
          sharable: true,
        },
      },
    });
    const bytes = Buffer.from('a');
    const tour = 'https://example.com/tour.mp4?signature=a.png';
    for (const [options, element] of [
      [{ source: tour }, { media_type: 'video', url: tour }],
      [
        { source: 'tour', media_type: 'video' },
        { media_type: 'video', url: 'tour' },
      ],
      [{ source: bytes }, { media_type: 'image', filedata: bytes }],
      [
        { source: bytes, filename: 'tour.mp4', reusable: false },
        { media_type: 'video', filedata: bytes, filename: 'tour.mp4', is_reusable: false },
      ],
    ] as const) {
      assert.deepEqual(elementsOf(options), [element]);
    }
  });

  const builders: Readonly<Record<string, (source: string, options: object) => unknown>> = {
    image,
    audio,
    video,
    file,
    media,
  };
  for (const [name, build] of Object.entries(builders)) {
    it(`${name} refuses an option that there is not, and says how to write other fields`, () => {
      const misspelt = { fielname: 'a.png' };
      assert.throws(() => build('a.png', misspelt), {
        name: 'TypeError',
        code: 'ERR_OPTION_UNKNOWN',
        message: new RegExp(
          `^Expected each option of \`${name}\` to be one of filename, .*, got \`fielname\`\\. Add other .*: \\{ \\.\\.\\.${name}\\(source\\), fielname: … \\}$`,
        ),
      });
    });
  }
});
