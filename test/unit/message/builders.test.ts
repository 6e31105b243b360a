import assert from 'node:assert/strict';
import {
  audio,
  file,
  image,
  media,
  video,
  type AttachmentSource,
  type BuildOptions,
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

  it('take the name of the API for reusable, too', () => {
    for (const options of [{ reusable: false }, { is_reusable: false }] as readonly BuildOptions[]) {
      assert.deepEqual(image('a.png', options), {
        attachment: { type: 'image', payload: { url: 'a.png', is_reusable: false } },
      });
    }
    assert.throws(() => image('a.png', { reuseable: false } as never), /; did you mean "reusable"\?/);
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

  it('say nothing of sharing a media template unless they are told to, and suggest that field', () => {
    assert.deepEqual(media('a.png').attachment.payload, {
      template_type: 'media',
      elements: [{ media_type: 'image', url: 'a.png' }],
    });
    for (const [misspelt, meant] of [
      ['shareable', 'sharable'],
      ['mediatype', 'media_type'],
      ['butons', 'buttons'],
      ['is_reuseable', 'is_reusable'],
    ] as const) {
      assert.throws(
        () => media('a.png', { [misspelt]: true } as never),
        new RegExp(`; did you mean "${meant}"\\?`),
      );
    }
  });

  const builders: Readonly<Record<string, (source: string, options?: object) => unknown>> = {
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
          `^Expected each option of \`${name}\` to be one of filename, .*, got \`fielname\`; did you mean "filename"\\?$`,
        ),
      });
      assert.throws(() => build('a.png', { seen: true }), {
        message: new RegExp(
          `, got \`seen\` \\(add other fields to the message itself: \\{ \\.\\.\\.${name}\\(source\\), seen: … \\}\\)$`,
        ),
      });
    });

    it(`${name} suggests the field of the message that is meant`, () => {
      for (const [field, meant] of [
        ['quick_reply', 'quick_replies'],
        ['persona', 'persona_id'],
      ] as const) {
        assert.throws(() => build('a.png', { [field]: [] }), {
          code: 'ERR_OPTION_UNKNOWN',
          message: new RegExp(`, got \`${field}\`; did you mean "${meant}"\\?$`),
        });
      }
    });

    for (const [what, source, got] of [
      ['nothing', undefined, 'undefined'],
      ['null', null, 'null'],
      ['an empty string', '', '""'],
      ['a number', 7, '7'],
      ['an object of another kind', { filedat: 1 }, 'an object'],
      ['a payload', { url: 'a.png' }, 'an object'],
      ['a list of bytes', [1, 2], 'an array'],
      ['an ArrayBuffer', new ArrayBuffer(1), 'an object'],
      ['a Buffer from JSON without its data', { type: 'Buffer' }, 'an object'],
    ] as const) {
      it(`${name} refuses at once what can be no source: ${what}`, () => {
        assert.throws(() => build(source as string), {
          name: 'TypeError',
          code: 'ERR_ARGUMENT_INVALID',
          message: `Expected \`source\` to be the first argument of \`${name}\`: a path, a web address, a data: URI, or bytes (a Buffer, a Uint8Array or a Blob), got ${got}`,
        });
      });
    }

    it(`${name} leaves it to the send whether there is a file or an address`, () => {
      for (const source of ['no.png', ' ', 'https://', 'ftp://example.com/a.png']) {
        assert.doesNotThrow(() => build(source));
      }
    });

    for (const [options, got] of [
      [null, 'null'],
      ['This is Tom', 'a string'],
      [['This is Tom'], 'an array'],
    ] as const) {
      it(`${name} says what its second argument is, if it is ${got}`, () => {
        assert.throws(() => build('a.png', options as object), {
          name: 'TypeError',
          code: 'ERR_ARGUMENT_INVALID',
          message: `Expected \`options\` to be the second argument of \`${name}\`, an object with options and fields of the message such as { text: "This is Tom" }, got ${got}`,
        });
      });
    }
  }
});
