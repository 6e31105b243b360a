import { type CaseRequest, type ConformanceCase, type ExpectedAnswer, type Known } from './case';

const ID = /^\d+$/;
const SENT = { recipient_id: ID, message_id: /^m_[\w-]+$/ };
const UPLOADED = { attachment_id: ID };

/** A picture of one pixel. */
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
const picture = () => new File([PNG], 'pixel.png', { type: 'image/png' });

type Message = Record<string, unknown>;

const attachmentOf = (type: string, payload: object): Message => ({ attachment: { type, payload } });
const image = (payload: object) => attachmentOf('image', payload);
const template = (payload: object) => attachmentOf('template', payload);
const upload = (message: Message, file?: File | string): CaseRequest => ({
  path: '/me/message_attachments',
  params: { message },
  ...(file !== undefined && { file }),
});
const sendTo = (id: string, message: Message, others: object = {}): CaseRequest => ({
  path: '/me/messages',
  params: { recipient: { id }, messaging_type: 'RESPONSE', message, ...others },
});
const send =
  (message: Message | ((known: Known) => Message), others: object = {}) =>
  (known: Known): CaseRequest =>
    sendTo(known.person, typeof message === 'function' ? message(known) : message, others);

const formOf = (fields: Record<string, object>) =>
  new URLSearchParams(
    Object.entries(fields).map(([name, value]): [string, string] => [name, JSON.stringify(value)]),
  ).toString();

const reply = { content_type: 'text', title: 'Yes', payload: 'YES' };
const button = { type: 'web_url', title: 'Open', url: 'https://www.facebook.com/' };
const card = { title: 'A card', subtitle: 'Below its title' };
const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);

const UPLOAD_API = 'reference/attachment-upload-api';
const SEND_API = 'reference/send-api';
const ERROR_CODES = 'reference/send-api/error-codes';
const POSTMAN = "Meta's Postman collection, with the answer saved there";

/** Who may call, and what exists. None of them sends a message. */
const CALLS: readonly ConformanceCase[] = [
  {
    name: 'gives ID and name of the page',
    request: () => ({ method: 'GET', path: '/me', params: { fields: 'id,name' } }),
    expected: { fields: { id: ID, name: /./ }, headers: ['facebook-api-version', 'x-fb-trace-id'] },
    source: "docs/graph-api/reference/page; headers of the answers saved in Meta's Postman collection",
    saves: { page: 'id' },
  },
  {
    name: 'refuses an invalid token',
    request: () => ({ method: 'GET', path: '/me', token: 'no-token' }),
    expected: { code: 190, wording: /^Invalid OAuth access token/ },
    source: 'docs/graph-api/guides/error-handling',
  },
  {
    name: 'refuses a wrong proof of the app secret',
    request: () => ({ method: 'GET', path: '/me', proof: '0'.repeat(64) }),
    expected: { code: 100, type: 'GraphMethodException', wording: /^Invalid appsecret_proof provided/ },
    source: 'docs/graph-api/guides/secure-requests; error bodies in several SDKs',
    needs: 'appSecret',
  },
  {
    name: 'refuses a call without proof of the app secret',
    request: () => ({ method: 'GET', path: '/me', proof: 'none' }),
    expected: {
      code: 100,
      type: 'GraphMethodException',
      wording: /^API calls from the server require an appsecret_proof argument/,
    },
    source: 'error bodies in several SDKs; only if the app requires the proof in its advanced settings',
    needs: 'appSecret',
  },
  {
    name: 'refuses an object that does not exist',
    request: () => ({ path: '/1/messages' }),
    expected: {
      code: 100,
      subcode: 33,
      type: 'GraphMethodException',
      wording: /^Unsupported post request\. Object with ID '1' does not exist/,
    },
    source: 'docs/graph-api/guides/error-handling; error bodies in several SDKs',
  },
  {
    name: 'refuses a field that does not exist',
    request: () => ({ method: 'GET', path: '/me', params: { fields: 'no_such_field' } }),
    expected: { code: 100, wording: /^\(#100\) Tried accessing nonexisting field \(no_such_field\)/ },
    source: 'error bodies in several SDKs',
  },
  {
    name: 'refuses a path that does not exist',
    request: () => ({ path: '/me/no_such_edge' }),
    expected: { code: 2500, wording: /^Unknown path components: \/no_such_edge/ },
    source: 'error bodies in several SDKs',
  },
  {
    name: 'answers each request of a batch',
    request: ({ person }) => ({
      path: '/',
      params: {
        batch: [
          { method: 'GET', relative_url: 'me?fields=id' },
          {
            method: 'POST',
            relative_url: 'me/messages',
            body: formOf({ recipient: { id: person }, message: image({ attachment_id: '1' }) }),
          },
        ],
      },
    }),
    expected: { batch: [{ fields: { id: ID } }, { code: 100, subcode: 2018074 }] },
    source: 'docs/graph-api/batch-requests',
  },
];

const UPLOADS: readonly ConformanceCase[] = [
  {
    name: 'uploads a picture from an address',
    request: ({ imageUrl }) => upload(image({ url: imageUrl, is_reusable: true })),
    expected: { fields: UPLOADED },
    source: POSTMAN,
    saves: { attachmentId: 'attachment_id' },
  },
  {
    name: 'uploads a picture as a file',
    request: () => upload(image({ is_reusable: true }), picture()),
    expected: { fields: UPLOADED },
    source: UPLOAD_API,
    saves: { attachmentId: 'attachment_id' },
  },
  {
    name: 'uploads a picture for one use',
    request: ({ imageUrl }) => upload(image({ url: imageUrl })),
    expected: { fields: UPLOADED },
    source: `${UPLOAD_API}: is_reusable "defaults to false"`,
  },
  {
    name: 'refuses bytes without a file name',
    request: () => upload(image({ is_reusable: true }), 'a few bytes'),
    expected: { code: 100, subcode: 2018005, wording: /^\(#100\) Incorrect number of files uploaded/ },
    source: 'bottenderjs/messaging-apis#223 and #334',
  },
  {
    name: 'refuses to upload what it cannot fetch',
    request: ({ imageUrl }) =>
      upload(image({ url: new URL('/there-is-no-such-picture.png', imageUrl).href, is_reusable: true })),
    expected: { code: 100, subcode: 2018008, wording: /^\(#100\) Failed to fetch the file from the url/ },
    source: `${ERROR_CODES}; microsoft/botframework-sdk#2542`,
  },
  {
    name: 'refuses to upload a picture as a sound',
    request: ({ imageUrl }) => upload(attachmentOf('audio', { url: imageUrl, is_reusable: true })),
    expected: { code: 100, subcode: 2018047, wording: /^\(#100\) Upload attachment failure/ },
    source: `${ERROR_CODES}; maciekmm/messenger-platform-go-sdk#36`,
  },
];

/** What the person receives: each kind of content once. */
const MESSAGES: readonly ConformanceCase[] = [
  {
    name: 'sends a text with quick replies',
    request: send({ text: 'A conformance test: 13 quick replies.', quick_replies: times(13, reply) }),
    expected: { fields: SENT, headers: ['x-business-use-case-usage'] },
    source: `${POSTMAN}; send-messages/quick-replies`,
    delivers: true,
  },
  {
    name: 'sends a picture by its ID',
    request: send(({ attachmentId }) => image({ attachment_id: attachmentId })),
    expected: { fields: SENT },
    source: UPLOAD_API,
    delivers: true,
    needs: 'attachmentId',
  },
  {
    name: 'sends a picture by its address',
    request: send(({ imageUrl }) => image({ url: imageUrl, is_reusable: false })),
    expected: { fields: SENT },
    source: POSTMAN,
    delivers: true,
  },
  {
    name: 'sends a picture as a file, and saves it',
    request: ({ person }) => ({ ...sendTo(person, image({ is_reusable: true })), file: picture() }),
    expected: { fields: { ...SENT, ...UPLOADED } },
    source: SEND_API,
    delivers: true,
  },
  {
    name: 'sends a media template with an ID',
    request: send(({ attachmentId }) =>
      template({
        template_type: 'media',
        elements: [{ media_type: 'image', attachment_id: attachmentId, buttons: [button] }],
      }),
    ),
    expected: { fields: SENT },
    source: POSTMAN,
    delivers: true,
    needs: 'attachmentId',
  },
  {
    name: 'shows that the page is typing',
    request: ({ person }) => ({
      path: '/me/messages',
      params: { recipient: { id: person }, sender_action: 'typing_on' },
    }),
    expected: { fields: { recipient_id: ID } },
    source: 'send-messages/sender-actions',
  },
];

/** The person receives none of them, unless the platform is less strict than this table. */
const REFUSALS: readonly ConformanceCase[] = [
  refused('an unknown attachment ID', {
    request: send(image({ attachment_id: '1' })),
    expected: { subcode: 2018074 },
    source: ERROR_CODES,
  }),
  refused('a text beside an attachment', {
    request: send(({ imageUrl }) => ({ text: 'A text', ...image({ url: imageUrl }) })),
    expected: {
      subcode: 2018191,
      wording: /^\(#100\) Only one of the text, attachment, and dynamic_text fields can be specified/,
    },
    source: 'error bodies in several SDKs; conbus/fbmq#19 has the older 2018018',
  }),
  refused('a message without content', {
    request: send({}),
    expected: { subcode: 2018034 },
    source: ERROR_CODES,
  }),
  refused('a recipient who is not a person, such as the page itself', {
    request: ({ page = '' }) => sendTo(page, { text: 'A text' }),
    expected: { subcode: 2018001 },
    source: ERROR_CODES,
    needs: 'page',
  }),
  refused('a message outside of the 24-hour window', {
    request: ({ personOutsideWindow = '' }) => sendTo(personOutsideWindow, { text: 'A text' }),
    expected: {
      code: 10,
      subcode: 2018278,
      wording: /^\(#10\) This message is sent outside of allowed window/,
    },
    source: 'chatwoot/chatwoot#14674; error bodies in several SDKs',
    needs: 'personOutsideWindow',
  }),
  refused('an unknown key', {
    request: send({ text: 'A text', quick_replies: [{ ...reply, playload: 'YES' }] }),
    expected: {
      wording: /^\(#100\) Invalid keys "playload" were found in param "message\[quick_replies\]\[0\]"/,
    },
    source: 'jgorset/facebook-messenger#107',
  }),
  refused('a quick reply without content_type', {
    request: send({ text: 'A text', quick_replies: [{ title: 'Yes', payload: 'YES' }] }),
    source: 'howdyai/botkit#1279',
  }),
  refused('more than 13 quick replies', {
    request: send({ text: 'A text', quick_replies: times(14, reply) }),
    source: 'send-messages/quick-replies: "A maximum of 13 quick replies are supported"',
  }),
  refused('a text of more than 2,000 characters', {
    request: send({ text: 'x'.repeat(2001) }),
    source: `${SEND_API}: "2000 character limit"`,
  }),
  refused('a messaging type that does not exist', {
    request: send({ text: 'A text' }, { messaging_type: 'ANSWER' }),
    source: `${SEND_API}#messaging_types`,
  }),
  refused('a tag that has ended', {
    request: send({ text: 'A text' }, { messaging_type: 'MESSAGE_TAG', tag: 'ACCOUNT_UPDATE' }),
    source: "Meta's changelog of 27 March 2026",
  }),
  refused('a button template without buttons', {
    request: send(template({ template_type: 'button', text: 'A text', buttons: [] })),
    source: 'reference/templates/button',
  }),
  refused('more than 10 elements of a generic template', {
    request: send(template({ template_type: 'generic', elements: times(11, card) })),
    source: 'reference/templates/generic: "a maximum of 10 elements"',
  }),
  refused('an address in a media template that is not on Facebook', {
    request: send(({ imageUrl }) =>
      template({ template_type: 'media', elements: [{ media_type: 'image', url: imageUrl }] }),
    ),
    source: 'reference/templates/media',
  }),
  refused('an image grid of one image', {
    request: send(({ imageUrl }) =>
      template({ template_type: 'image_grid', elements: [{ images: [{ url: imageUrl }] }] }),
    ),
    source: 'send-messages/template/image-grid: "Minimum of 2, maximum of 6"',
  }),
  refused('an ID among several images', {
    request: send(({ attachmentId, imageUrl }) => ({
      attachments: [image({ url: imageUrl }), image({ attachment_id: attachmentId })].map(
        ({ attachment }) => attachment,
      ),
    })),
    source: 'not known: documented for Instagram only, so the simulator refuses it',
    needs: 'attachmentId',
  }),
  refused('a sender action that does not exist', {
    request: ({ person }) => ({
      path: '/me/messages',
      params: { recipient: { id: person }, sender_action: 'dance' },
    }),
    source: 'send-messages/sender-actions',
  }),
];

/** In this order: later cases use what earlier ones have saved. */
export const CASES: readonly ConformanceCase[] = [...CALLS, ...UPLOADS, ...REFUSALS, ...MESSAGES];

/** Error 100, unless said otherwise. */
function refused(
  what: string,
  {
    expected,
    ...others
  }: Pick<ConformanceCase, 'request' | 'source' | 'needs'> & { expected?: ExpectedAnswer },
): ConformanceCase {
  return { name: `refuses ${what}`, expected: { code: 100, ...expected }, ...others };
}
