import assert from 'node:assert/strict';
import { maySendAgain, mayUploadAgain, verdictOn, type Verdict } from '../../../src/graph/verdict';
import { badFile, graphError, transportError } from '../../support/checks/failures';

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
  ['10/2018074, which is another error', graphError(10, 2018074), 'refused'],
  ['190, the token is invalid', graphError(190), 'hopeless'],
  ['190/463, the token has expired', graphError(190, 463, { status: 401 }), 'hopeless'],
  ['100/2018008, the address cannot be fetched', graphError(100, 2018008), 'hopeless'],
  ['100/2018047, the type does not fit', graphError(100, 2018047), 'hopeless'],
  ['100/2018109, too large', graphError(100, 2018109), 'hopeless'],
  ['100/2018294, the video took too long', graphError(100, 2018294), 'hopeless'],
  ['100/2018294 with HTTP 500', graphError(100, 2018294, { status: 500 }), 'hopeless'],
  ['10/2018008, which is another error', graphError(10, 2018008), 'refused'],
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
  ['a broken connection', transportError('ERR_GRAPH_INTERRUPTED'), 'unknown'],
  ['an answer that is not JSON', transportError('ERR_GRAPH_BAD_ANSWER'), 'unknown'],
  ['such an answer with HTTP 200', transportError('ERR_GRAPH_BAD_ANSWER', { status: 200 }), 'unknown'],
  ['such an answer with HTTP 404', transportError('ERR_GRAPH_BAD_ANSWER', { status: 404 }), 'unknown'],
  ['such an answer with HTTP 429', transportError('ERR_GRAPH_BAD_ANSWER', { status: 429 }), 'rate-limited'],
  ['such an answer with HTTP 502', transportError('ERR_GRAPH_BAD_ANSWER', { status: 502 }), 'busy'],
  ['a file that cannot be sent', badFile(), 'refused'],
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
