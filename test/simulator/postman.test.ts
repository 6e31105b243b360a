import assert from 'node:assert/strict';
import { messageWith, PAGE, PNG, upload, USER, useSimulator, useWebServer } from './support';

const button = { type: 'web_url', url: 'https://www.messenger.com/', title: 'Open Messenger' };
const template = (payload: object) => messageWith('template', payload);

/** Which fields the saved answer has, and of what kind they are. */
const SENT = { recipient_id: new RegExp(`^${USER}$`), message_id: /^m_[\w-]+$/ };
const UPLOADED = { attachment_id: /^\d+$/ };

/** Of the saved headers, those that a client may read. */
const HEADERS: [name: string, value: RegExp][] = [
  ['content-type', /^application\/json; charset=UTF-8$/],
  ['facebook-api-version', /^v25\.0$/],
  ['x-fb-trace-id', /^[\w/+]{11}$/],
  [
    'x-business-use-case-usage',
    /^{"\d+":\[{"type":"messenger","call_count":\d+,"total_cputime":\d+,"total_time":\d+,"estimated_time_to_regain_access":\d+}\]}$/,
  ],
];

interface Facts {
  /** Address of a picture. */
  picture: string;
  /** ID of one that has been uploaded. */
  id: string;
}

/**
 * The requests for messages and attachments in Meta's Postman collection (fbsamples/messenger-platform-samples,
 * postman/messenger-platform-api.postman_collection.json), in words of our own, and the answers that are saved there.
 */
const REQUESTS: [
  name: string,
  edge: string,
  message: (facts: Facts) => object,
  answer: Record<string, RegExp>,
][] = [
  ['Text Message', 'messages', () => ({ text: 'Good morning' }), SENT],
  [
    'Media Message (Photo)',
    'messages',
    ({ picture }) => messageWith('image', { url: picture, is_reusable: false }),
    SENT,
  ],
  [
    'Quick Replies',
    'messages',
    ({ picture }) => ({
      text: 'Which cat?',
      quick_replies: ['Tom', 'Mia'].map((title) => ({
        content_type: 'text',
        title,
        payload: `chose ${title}`,
        image_url: picture,
      })),
    }),
    SENT,
  ],
  [
    'Button Template',
    'messages',
    () => template({ template_type: 'button', text: 'Where to?', buttons: [button, button] }),
    SENT,
  ],
  [
    'Generic Template',
    'messages',
    ({ picture }) =>
      template({
        template_type: 'generic',
        elements: [
          {
            title: 'Cats',
            image_url: picture,
            subtitle: 'Two of them',
            default_action: { type: 'web_url', url: 'https://example.com/', webview_height_ratio: 'tall' },
            buttons: [button, { type: 'postback', title: 'Talk', payload: 'TALK' }],
          },
        ],
      }),
    SENT,
  ],
  [
    'Media Template',
    'messages',
    ({ id }) =>
      template({
        template_type: 'media',
        elements: [{ media_type: 'image', attachment_id: id, buttons: [button] }],
      }),
    SENT,
  ],
  [
    'Attachment Upload (Photo)',
    'message_attachments',
    ({ picture }) => messageWith('image', { url: picture, is_reusable: true }),
    UPLOADED,
  ],
];

describe('The requests of Meta’s Postman collection are answered as saved there:', () => {
  const simulator = useSimulator();
  const files = useWebServer((_req, res) => res.setHeader('content-type', 'image/png').end(PNG));

  for (const [name, edge, message, expected] of REQUESTS) {
    it(name, async () => {
      const id = await upload(simulator());
      // The collection gives a request of the Send API nothing but recipient and message.
      const recipient = edge === 'messages' ? { recipient: { id: USER } } : {};
      const response = await fetch(
        `${simulator().httpUrl}/v25.0/${PAGE.id}/${edge}?access_token=${PAGE.token}`,
        {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ ...recipient, message: message({ picture: `${files()}/cat.png`, id }) }),
        },
      );
      const answer = (await response.json()) as Record<string, unknown>;
      assert.equal(response.status, 200, JSON.stringify(answer));
      assert.deepEqual(Object.keys(answer), Object.keys(expected));
      for (const [field, kind] of Object.entries(expected)) assert.match(String(answer[field]), kind);
      for (const [header, kind] of HEADERS) assert.match(response.headers.get(header) ?? '', kind);
    });
  }
});
