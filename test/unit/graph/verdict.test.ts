import assert from 'node:assert/strict';
import {
  isContentRefused,
  isIdRefused,
  isNotFetched,
  mayFetchAgain,
  maySendAgain,
  mayUploadAgain,
  refusalScope,
  verdictOn,
  type Verdict,
} from '../../../src/graph/verdict';
import { emptyFileError, graphError, transportError } from '../../support/checks/sample-errors';

/** May it be done again after each verdict? */
const AGAIN: Record<Verdict, { upload: boolean; send: boolean }> = {
  'dead-id': { upload: false, send: false },
  unreached: { upload: true, send: true },
  hopeless: { upload: false, send: false },
  'rate-limited': { upload: false, send: false },
  busy: { upload: true, send: false },
  unknown: { upload: true, send: false },
  refused: { upload: false, send: false },
};

const VERDICTS: [what: string, error: unknown, verdict: Verdict][] = [
  ['100/2018074, the ID is invalid or expired', graphError(100, 2018074), 'dead-id'],
  ['100/2018074 that calls itself transient', graphError(100, 2018074, { isTransient: true }), 'dead-id'],
  ['100/2018074 with HTTP 500: it may have been sent', graphError(100, 2018074, { status: 500 }), 'busy'],
  ['100/2018074 with HTTP 200: it may have been sent', graphError(100, 2018074, { status: 200 }), 'refused'],
  ['10/2018074, which is another error', graphError(10, 2018074), 'refused'],
  ['190, the token is invalid', graphError(190), 'hopeless'],
  ['190/463, the token has expired', graphError(190, 463, { status: 401 }), 'hopeless'],
  ['100/2018008, the address cannot be fetched', graphError(100, 2018008), 'hopeless'],
  ['100/2018047, the type does not fit', graphError(100, 2018047), 'hopeless'],
  ['100/2018109, too large', graphError(100, 2018109), 'hopeless'],
  ['100/2018294, the video took too long', graphError(100, 2018294), 'hopeless'],
  ['100/2018294 with HTTP 500', graphError(100, 2018294, { status: 500 }), 'hopeless'],
  ['10/2018008, which is another error', graphError(10, 2018008), 'refused'],
  ['102, the session has ended', graphError(102), 'hopeless'],
  ['190 with HTTP 429', graphError(190, undefined, { status: 429 }), 'hopeless'],
  ['546, a type that is not allowed', graphError(546), 'hopeless'],
  ['200, a permission is missing', graphError(200), 'hopeless'],
  ['10/1893063, not permitted', graphError(10, 1893063), 'hopeless'],
  ['100/1893063, which is another error', graphError(100, 1893063), 'refused'],
  ['10, which says too little', graphError(10), 'refused'],
  [
    'a proof that is missing or wrong',
    graphError(100, undefined, { type: 'GraphMethodException' }),
    'hopeless',
  ],
  ['100/33, no such object', graphError(100, 33, { type: 'GraphMethodException' }), 'refused'],
  ['2500 of the same type', graphError(2500, undefined, { type: 'GraphMethodException' }), 'refused'],
  ['100 of the usual type', graphError(100, undefined, { type: 'OAuthException' }), 'refused'],
  ['341, limit of the app', graphError(341), 'rate-limited'],
  ['368, blocked for a while', graphError(368), 'rate-limited'],
  ['368 that calls itself transient', graphError(368, undefined, { isTransient: true }), 'rate-limited'],
  ['613 with HTTP 500', graphError(613, undefined, { status: 500 }), 'rate-limited'],
  ['80001, limit of the page', graphError(80001), 'rate-limited'],
  ['80002, limit of the account', graphError(80002), 'rate-limited'],
  ['80006, limit of Messenger', graphError(80006), 'rate-limited'],
  ['80000, limit of advertisements', graphError(80000), 'refused'],
  ['1, unknown error', graphError(1), 'busy'],
  ['1/1357046, sent although it failed', graphError(1, 1357046), 'busy'],
  ['2, temporary', graphError(2), 'busy'],
  ['4, rate limit of the app', graphError(4), 'rate-limited'],
  ['17, rate limit of the user', graphError(17), 'rate-limited'],
  ['32, rate limit of the page', graphError(32), 'rate-limited'],
  ['613, rate limit', graphError(613), 'rate-limited'],
  ['1200, temporary', graphError(1200), 'busy'],
  ['an error that calls itself transient', graphError(369, undefined, { isTransient: true }), 'busy'],
  ['an error with HTTP 429', graphError(369, undefined, { status: 429 }), 'rate-limited'],
  ['an error with HTTP 500', graphError(369, undefined, { status: 500 }), 'busy'],
  ['an error with HTTP 503', graphError(undefined, undefined, { status: 503 }), 'busy'],
  ['an error with HTTP 499', graphError(369, undefined, { status: 499 }), 'refused'],
  ['an error with HTTP 428', graphError(369, undefined, { status: 428 }), 'refused'],
  ['100/2018001, no such user', graphError(100, 2018001), 'refused'],
  ['100/2018034, empty message', graphError(100, 2018034), 'refused'],
  ['10/2018278, outside of the window', graphError(10, 2018278), 'refused'],
  ['10/2018065, outside of the window', graphError(10, 2018065), 'refused'],
  ['10/2018108, not receiving', graphError(10, 2018108), 'refused'],
  ['200/2018028, not approved', graphError(200, 2018028), 'hopeless'],
  ['551/1545041, unavailable', graphError(551, 1545041), 'refused'],
  ['100 alone', graphError(100), 'refused'],
  ['an error without a code', graphError(), 'refused'],
  ['no connection', transportError('ERR_GRAPH_UNREACHABLE'), 'unreached'],
  ['a call that waited too long for its place', transportError('ERR_GRAPH_STALLED'), 'refused'],
  ['a broken connection', transportError('ERR_GRAPH_INTERRUPTED'), 'unknown'],
  ['an answer that is not JSON', transportError('ERR_GRAPH_BAD_ANSWER'), 'unknown'],
  ['such an answer with HTTP 200', transportError('ERR_GRAPH_BAD_ANSWER', { status: 200 }), 'unknown'],
  ['such an answer with HTTP 404', transportError('ERR_GRAPH_BAD_ANSWER', { status: 404 }), 'unknown'],
  ['such an answer with HTTP 429', transportError('ERR_GRAPH_BAD_ANSWER', { status: 429 }), 'rate-limited'],
  ['such an answer with HTTP 502', transportError('ERR_GRAPH_BAD_ANSWER', { status: 502 }), 'busy'],
  ['such an answer with HTTP 500', transportError('ERR_GRAPH_BAD_ANSWER', { status: 500 }), 'busy'],
  ['a file that cannot be sent', emptyFileError(), 'refused'],
  ['an error of another kind', new TypeError('What?'), 'refused'],
  [
    'an error of another kind that has a status',
    Object.assign(new Error('What?'), { status: 503 }),
    'refused',
  ],
  ['something that is no error', 'What?', 'refused'],
  ['nothing at all', undefined, 'refused'],
];

describe('verdictOn', () => {
  for (const [what, error, verdict] of VERDICTS) {
    const { upload, send } = AGAIN[verdict];
    const again = upload ? (send ? 'may be tried again' : 'only an upload may be tried again') : 'is final';
    it(`${what}: ${verdict}, ${again}`, () => {
      assert.equal(verdictOn(error), verdict);
      assert.equal(mayUploadAgain(error), upload);
      assert.equal(maySendAgain(error), send);
    });
  }
});

describe('mayFetchAgain', () => {
  it('is true of what the platform sometimes answers to a good address', () => {
    const subcodes = [2018008, 2018047, 2018109, 2018294, 2018074, undefined];
    assert.deepEqual(
      subcodes.filter((subcode) => mayFetchAgain(graphError(100, subcode))),
      [2018008, 2018047],
    );
    assert.equal(mayFetchAgain(graphError(10, 2018008)), false);
    assert.equal(mayFetchAgain(transportError('ERR_GRAPH_INTERRUPTED')), false);
  });
});

describe('isIdRefused', () => {
  it('is true of a dead ID, and of errors about the content, which was not part of the call', () => {
    const subcodes = [2018074, 2018008, 2018047, 2018109, 2018294, 2018001, undefined];
    assert.deepEqual(
      subcodes.filter((subcode) => isIdRefused(graphError(100, subcode))),
      [2018074, 2018008, 2018047, 2018109, 2018294],
    );
    const unclear = graphError(100, 2018047, { status: 500 });
    for (const error of [
      unclear,
      graphError(10, 2018047),
      graphError(546),
      graphError(190),
      new Error('No'),
    ]) {
      assert.equal(isIdRefused(error), false);
    }
  });
});

describe('isContentRefused', () => {
  it('is true of errors about the content, but not about an ID, and not if the message may have been sent', () => {
    const subcodes = [2018074, 2018008, 2018047, 2018109, 2018294, 2018001, undefined];
    assert.deepEqual(
      subcodes.filter((subcode) => isContentRefused(graphError(100, subcode))),
      [2018008, 2018047, 2018109, 2018294],
    );
    assert.equal(isContentRefused(graphError(100, 2018008, { status: 500 })), false);
    assert.equal(isContentRefused(transportError('ERR_GRAPH_INTERRUPTED')), false);
  });

  it('takes an address for one that could not be fetched by 100/2018008 only, with a status that says nothing was sent', () => {
    assert.equal(isNotFetched(graphError(100, 2018008)), true);
    assert.equal(isNotFetched(graphError(100, 2018008, { status: 500 })), false);
    assert.equal(isNotFetched(graphError(100, 2018008, { status: 200 })), false);
    assert.equal(isNotFetched(graphError(100, 2018047)), false);
    assert.equal(isNotFetched(graphError(10, 2018008)), false);
    assert.equal(isNotFetched(transportError('ERR_GRAPH_INTERRUPTED')), false);
  });
});

describe('refusalScope', () => {
  const scopes: [what: string, error: unknown, scope: 'attempt' | 'token' | undefined][] = [
    ['102', graphError(102), 'token'],
    ['190/463', graphError(190, 463), 'token'],
    ['200', graphError(200), undefined],
    ['10/1893063', graphError(10, 1893063), undefined],
    ['100/2018008', graphError(100, 2018008), 'attempt'],
    ['100/2018047', graphError(100, 2018047), 'attempt'],
    ['100/2018109', graphError(100, 2018109), 'attempt'],
    ['100/2018294', graphError(100, 2018294), 'attempt'],
    ['10/2018294, which is another error', graphError(10, 2018294), undefined],
    ['546', graphError(546), 'attempt'],
    ['613', graphError(613), undefined],
    ['100', graphError(100), undefined],
    ['an error of another kind', Object.assign(new Error('What?'), { code: 190 }), undefined],
    ['nothing', undefined, undefined],
  ];
  for (const [what, error, scope] of scopes) {
    it(`of ${what} is ${scope ?? 'nobody else'}`, () => {
      assert.equal(refusalScope(error), scope);
    });
  }
});
