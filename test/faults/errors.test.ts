import assert from 'node:assert/strict';
import sinon from 'sinon';
import { image } from '../../src';
import { openPlainAdapter, type PlainAdapter } from '../support/bot/plain-adapter';
import { readAsset } from '../support/files/assets';
import { OutsidePlatform } from '../support/platform/outside/platform';
import type { Counts, ErrorBody, Rule } from '../support/platform/outside/rules';

/** What an error does to a call. `uploads` and `sends` count the calls until the message is over. */
interface Effect {
  readonly uploads: number;
  readonly sends: number;
  /** The message arrives, in one step. Undefined: it does not, and is reported. */
  readonly arrives?: true;
  /** Does the next message go by the ID that there was? Undefined: there was none. */
  readonly keepsId?: boolean;
  /** Are uploads of the page held back afterwards: by a rate limit, or because the token was refused? */
  readonly pauses?: true;
}

/** The call that meets the error. */
type CallName = 'upload' | 'upload from an address' | 'send by ID' | 'one step';

interface Row {
  /** The body that the platform answers with, as it was published: short. */
  readonly error: ErrorBody;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly effects: Partial<Record<CallName, Effect>>;
}

const REPORTED: Effect = { uploads: 0, sends: 1 };
const REPORTED_ID_KEPT: Effect = { ...REPORTED, keepsId: true };

/** About the recipient, the app or the message: nothing is tried again. An upload that meets it may go in one step. */
const REFUSED: Row['effects'] = {
  upload: { uploads: 1, sends: 1, arrives: true },
  'send by ID': REPORTED_ID_KEPT,
  'one step': REPORTED,
};

/** The same for every call with this token, or with this app. One step would fail as well. */
const HOPELESS: Row['effects'] = { ...REFUSED, upload: { uploads: 1, sends: 0 } };

/** Until the platform takes a call with this token, or for 30 s. */
const TOKEN: Row['effects'] = {
  upload: { uploads: 1, sends: 0, pauses: true },
  'send by ID': REPORTED_ID_KEPT,
  'one step': { ...REPORTED, pauses: true },
};

const LIMITED: Row['effects'] = {
  upload: { uploads: 1, sends: 1, arrives: true, pauses: true },
  'upload from an address': { uploads: 1, sends: 1, arrives: true, pauses: true },
  'send by ID': { ...REPORTED_ID_KEPT, pauses: true },
  'one step': { ...REPORTED, pauses: true },
};

const TEMPORARY: Row['effects'] = {
  upload: { uploads: 3, sends: 1, arrives: true },
  'upload from an address': { uploads: 3, sends: 1, arrives: true },
  'send by ID': REPORTED_ID_KEPT,
  'one step': REPORTED,
};

/** A send by ID carries no content, so it is the ID that is bad: one step, and a new ID behind it. */
const RECOVERED: Effect = { uploads: 1, sends: 2, arrives: true, keepsId: false };

const CONTENT: Row['effects'] = {
  upload: { uploads: 1, sends: 0 },
  'upload from an address': { uploads: 1, sends: 0 },
  'send by ID': RECOVERED,
  'one step': REPORTED,
};

/** The platform answers so now and then to a good address, too. */
const FETCH: Row['effects'] = { ...CONTENT, 'upload from an address': { uploads: 2, sends: 0 } };

const hundred = (error_subcode: number, message: string, effects: Row['effects']): Row => ({
  error: { message: `(#100) ${message}`, code: 100, error_subcode },
  effects,
});
const coded = (code: number, message: string, effects: Row['effects'], error_subcode?: number): Row => ({
  error: { message: `(#${code}) ${message}`, code, ...(error_subcode !== undefined && { error_subcode }) },
  effects,
});

const ROWS: readonly Row[] = [
  // The ID.
  hundred(2018074, 'Invalid attachment ID.', { 'send by ID': RECOVERED }),
  // The content or its address.
  hundred(2018008, 'Failed to fetch the file from the url', FETCH),
  hundred(2018047, 'Upload attachment failure.', FETCH),
  hundred(2018109, 'Attachment size exceeds allowable limit', CONTENT),
  hundred(2018294, 'Video upload failed', CONTENT),
  coded(546, 'The type of file you are trying to attach is not allowed', HOPELESS),
  hundred(2018005, 'Incorrect number of files uploaded', REFUSED),
  // The token or the app.
  coded(190, 'Error validating access token', TOKEN),
  coded(102, 'Session key invalid or no longer valid', TOKEN),
  coded(200, 'Requires pages_messaging permission', HOPELESS),
  coded(10, 'Not permitted', HOPELESS, 1893063),
  {
    error: {
      message: 'API calls from the server require an appsecret_proof argument',
      type: 'GraphMethodException',
      code: 100,
    },
    effects: HOPELESS,
  },
  // The recipient.
  hundred(2018001, 'No matching user found', REFUSED),
  coded(10, 'This message is sent outside of allowed window.', REFUSED, 2018278),
  coded(10, 'This message is sent outside of allowed window.', REFUSED, 2018065),
  coded(10, 'This Person Cannot Receive Messages', REFUSED, 2018108),
  coded(200, 'Cannot message users who are not admins', HOPELESS, 2018028),
  coded(551, 'This person isn’t available right now.', REFUSED, 1545041),
  // The message.
  hundred(2018034, 'The message cannot be empty', REFUSED),
  hundred(2018018, 'Only one of text or attachment can be specified', REFUSED),
  hundred(2018191, 'Only one of the text, attachment, and dynamic_text fields can be specified', REFUSED),
  coded(100, 'Invalid keys "playload" were found in param "message[quick_replies][0]"', REFUSED),
  // The platform says stop.
  ...[4, 17, 32, 341, 368, 613, 80001, 80002, 80006].map((code) => coded(code, 'Limit reached', LIMITED)),
  { ...coded(9, 'Too many', LIMITED), status: 429 },
  {
    ...coded(10, 'Not now', {
      upload: { uploads: 1, sends: 1, arrives: true, pauses: true },
      'send by ID': { ...REPORTED_ID_KEPT, pauses: true },
    }),
    headers: {
      'x-business-use-case-usage': JSON.stringify({
        '1001': [{ type: 'messenger', call_count: 100, estimated_time_to_regain_access: 9 }],
      }),
    },
  },
  // Temporary. A send is never repeated.
  coded(1, 'Unknown error', TEMPORARY),
  coded(1, 'Received invalid JSON reply', TEMPORARY, 1357046),
  coded(2, 'Service temporarily unavailable', TEMPORARY),
  { error: { message: 'An unexpected error', code: 2, is_transient: true }, effects: TEMPORARY },
  { error: { message: 'An unexpected error', code: 2, is_transient: false }, effects: TEMPORARY },
  coded(1200, 'Temporary send message failure.', TEMPORARY),
  coded(1200, 'Temporary send message failure.', TEMPORARY, 2018024),
  {
    error: { message: 'An unknown error occurred', type: null, code: 1, error_subcode: 99 },
    status: 500,
    effects: TEMPORARY,
  },
  { ...coded(999, 'Out of order', TEMPORARY), status: 503 },
];

const ADDRESS = 'https://example.com/tom.jpg';

/** For each call: which one the rule is for, and what is sent. */
const CALLS: Record<CallName, { rule: Pick<Rule, 'call' | 'content'>; message: object }> = {
  upload: { rule: { call: 'upload' }, message: image(readAsset('cats/tom.jpg')) },
  'upload from an address': { rule: { call: 'upload' }, message: image(ADDRESS) },
  'send by ID': { rule: { call: 'send', content: 'id' }, message: image(readAsset('cats/tom.jpg')) },
  'one step': {
    rule: { call: 'send', content: 'file' },
    message: image(readAsset('cats/tom.jpg'), { reusable: false }),
  },
};

/** Another picture, to see whether uploads pause. */
const OTHER = image(readAsset('paw.png'));

/** Against a platform that is not the simulator, and with default options. */
describe('An error of the platform', () => {
  let platform: OutsidePlatform;
  let adapter: PlainAdapter;

  before(async () => {
    platform = await OutsidePlatform.start();
  });
  after(() => platform.close());
  beforeEach(() => {
    // How long the pauses between two tries are is tested with `retry`.
    sinon.stub(Math, 'random').returns(0.01);
    adapter = openPlainAdapter(platform, {
      page: { id: '1001', token: 'token-of-1001', secret: 'a-secret' },
    });
  });
  afterEach(async () => {
    sinon.restore();
    await adapter.close();
    await platform.reset();
  });

  /** What the platform counts while something is done, and while what it leaves behind is done. */
  async function countsOf(work: () => Promise<unknown>): Promise<Pick<Counts, 'calls' | 'delivered'>> {
    const before = await platform.counts();
    await work();
    await adapter.plugin.close();
    const { calls, delivered } = await platform.counts();
    return {
      calls: differences(calls, before.calls),
      delivered: differences(delivered, before.delivered),
    };
  }

  it('100/2018191 is met by no message with a text beside an attachment: it goes as two', async () => {
    const { calls, delivered } = await countsOf(() =>
      adapter.send('7001', { text: 'This is Tom', ...image(readAsset('cats/tom.jpg')) }),
    );
    assert.deepEqual([calls.upload, calls.send], [1, 2]);
    assert.deepEqual(delivered, { none: 1, id: 1, file: 0, url: 0 });
    assert.deepEqual(adapter.errors, []);
  });

  for (const row of ROWS) {
    for (const [name, effect] of Object.entries(row.effects) as [CallName, Effect][]) {
      it(`${labelOf(row)} to ${name}: ${inWords(effect)}`, async () => {
        const { rule, message } = CALLS[name];
        const ids: unknown[] = [];
        adapter.plugin.on('send', ({ attachmentId }) => ids.push(attachmentId));
        if (name === 'send by ID') await adapter.send('7000', message);
        const { error, status, headers } = row;
        await platform.follow({ ...rule, error, ...(status && { status }), ...(headers && { headers }) });
        let failure: unknown;
        const { calls, delivered } = await countsOf(async () => {
          failure = await adapter.send('7001', message).then(
            () => undefined,
            (reason: unknown) => reason,
          );
        });
        assert.deepEqual([calls.upload, calls.send], [effect.uploads, effect.sends], 'calls');
        assert.equal(failure === undefined, effect.arrives !== undefined, String(failure));
        if (failure !== undefined) assert.equal(adapter.errors.filter((one) => one === failure).length, 1);
        assert.deepEqual([delivered.id, delivered.file + delivered.url], [0, effect.arrives ? 1 : 0]);
        await platform.follow();
        if (effect.keepsId !== undefined) {
          await adapter.send('7002', message);
          const [first, last] = [ids[0], ids.at(-1)];
          assert.ok(typeof last === 'string', 'the next message goes by ID');
          assert.equal(last === first, effect.keepsId, 'the ID');
        }
        // Whether it arrives is not the question.
        const other = await countsOf(() => adapter.send('7003', OTHER).catch(() => undefined));
        assert.equal(other.calls.upload, effect.pauses ? 0 : 1, 'uploads of the page afterwards');
        assert.deepEqual((await platform.counts()).nonsense, []);
      });
    }
  }
});

function differences<Name extends string>(
  after: Readonly<Record<Name, number>>,
  before: Readonly<Record<Name, number>>,
): Record<Name, number> {
  const entries = Object.entries<number>(after).map(([name, count]) => [name, count - before[name as Name]]);
  return Object.fromEntries(entries) as Record<Name, number>;
}

function labelOf({
  error: { code, error_subcode: subcode, type, is_transient },
  status,
  headers,
}: Row): string {
  const id = subcode === undefined ? String(code) : `${code}/${subcode}`;
  const more = [
    type === undefined ? '' : `of type ${type}`,
    is_transient === undefined ? '' : `with is_transient ${is_transient}`,
    status === undefined ? '' : `with HTTP ${status}`,
    headers ? 'with a usage header' : '',
  ];
  return [id, ...more.filter(Boolean)].join(' ');
}

function inWords({ uploads, sends, arrives, keepsId, pauses }: Effect): string {
  const words = [
    `uploads ${uploads}, sends ${sends}`,
    arrives ? 'it arrives in one step' : 'it is reported',
    keepsId === undefined ? '' : keepsId ? 'the ID is kept' : 'the ID is replaced',
    pauses ? 'uploads are held back' : '',
  ];
  return words.filter(Boolean).join(', ');
}
