import assert from 'node:assert/strict';
import { GraphError, TransportError, type CallPurpose, type GraphErrorBody } from '../../../src/graph/errors';

const SEND: CallPurpose = { action: 'send', asset: 'image "cats/tom.png"' };
const UPLOAD: CallPurpose = { action: 'upload', asset: 'image "cats/tom.png"' };

describe('GraphError', () => {
  it('has everything that Facebook said', () => {
    const body: GraphErrorBody = {
      message: 'Invalid attachment id',
      type: 'OAuthException',
      code: 100,
      error_subcode: 2018074,
      is_transient: true,
      fbtrace_id: 'A1b2',
    };
    const error = new GraphError(SEND, 400, body, { retryAfter: 1500 });
    assert.ok(error instanceof Error);
    assert.deepEqual(fieldsOf(error), {
      name: 'GraphError',
      message:
        'Facebook refused to send image "cats/tom.png": Invalid attachment id [100/2018074]. ' +
        'The attachment ID is invalid, has expired, or belongs to another page.',
      code: 100,
      subcode: 2018074,
      type: 'OAuthException',
      fbtraceId: 'A1b2',
      status: 400,
      isTransient: true,
      retryAfter: 1500,
      page: undefined,
      recipient: undefined,
      asset: 'image "cats/tom.png"',
    });
  });

  it('says what it does not know by leaving it undefined', () => {
    const error = new GraphError(UPLOAD, 503, { message: 'Service unavailable' });
    assert.deepEqual(fieldsOf(error), {
      name: 'GraphError',
      message: 'Facebook failed to upload image "cats/tom.png": Service unavailable [HTTP 503].',
      code: undefined,
      subcode: undefined,
      type: undefined,
      fbtraceId: undefined,
      status: 503,
      isTransient: false,
      retryAfter: undefined,
      page: undefined,
      recipient: undefined,
      asset: 'image "cats/tom.png"',
    });
  });

  const endings: [what: string, body: GraphErrorBody, ending: string, extras?: { hasProof: boolean }][] = [
    [
      'an address that cannot be fetched: what it must be like',
      { message: 'x', code: 100, error_subcode: 2018008 },
      'x [100/2018008]. Facebook could not fetch the address: it must be public, have a valid certificate, answer within 10 s (video: 75 s), and have at most 25 MB (image: 8 MB).',
    ],
    [
      'a video that took too long: why',
      { message: 'x', code: 100, error_subcode: 2018294 },
      'x [100/2018294]. Facebook could not fetch the video within 75 s, or it is corrupt.',
    ],
    [
      'an upload that failed: what to check',
      { message: 'x', code: 100, error_subcode: 2018047 },
      'x [100/2018047]. Check that the attachment type matches the content of the file or address.',
    ],
    [
      'too large: the limits',
      { message: 'x', code: 100, error_subcode: 2018109 },
      'x [100/2018109]. Attachments are limited to 25 MB, images from an address to 8 MB.',
    ],
    [
      'a bad token: a new one is needed',
      { message: 'x', code: 190 },
      'x [190]. The page access token is invalid or has expired. Create a new one.',
    ],
    [
      'a bad token, whatever the subcode',
      { message: 'x', code: 190, error_subcode: 463 },
      'x [190/463]. The page access token is invalid or has expired. Create a new one.',
    ],
    ['the rate limit of the app', { message: 'x', code: 4 }, 'x [4]. The app has reached its rate limit.'],
    [
      'the rate limit of the page',
      { message: 'x', code: 32 },
      'x [32]. The page has reached its rate limit.',
    ],
    [
      'another rate limit of the page',
      { message: 'x', code: 613 },
      'x [613]. The page has reached its rate limit.',
    ],
    [
      'a type that is not taken',
      { message: 'x', code: 546 },
      'x [546]. Facebook does not accept files of this type.',
    ],
    [
      'a session that has ended',
      { message: 'x', code: 102 },
      'x [102]. The access token’s session is invalid or has ended. Create a new token.',
    ],
    [
      'a missing permission',
      { message: 'x', code: 200 },
      'x [200]. The app or the token lacks a permission, usually pages_messaging.',
    ],
    [
      'what is not permitted',
      { message: 'x', code: 10, error_subcode: 1893063 },
      'x [10/1893063]. Facebook does not allow this for the app. Sending it again does not help.',
    ],
    [
      'a proof that is missing or wrong, whatever its wording',
      { message: 'x', code: 100, type: 'GraphMethodException' },
      'x [100]. Check that the app secret belongs to the app of the access token. Facebook accepts only the right appsecret_proof or none.',
    ],
    [
      'a proof that is missing, because there is no app secret',
      { message: 'x', code: 100, type: 'GraphMethodException' },
      'x [100]. No app secret is set, but the app requires a proof with each call (“Require App Secret” in its settings). Set `app_secret` of the adapter, `appSecret` of `connect`, or FACEBOOK_APP_SECRET for the command-line tool.',
      { hasProof: false },
    ],
    [
      'an object that is not there: nothing about the proof',
      { message: 'x', code: 100, error_subcode: 33, type: 'GraphMethodException' },
      'x [100/33].',
    ],
    [
      'a message after the 24 hours: who must write, or what the message needs',
      { message: 'x', code: 10, error_subcode: 2018278 },
      'x [10/2018278]. The person wrote more than 24 hours ago: they must write first, or the message needs a tag (messaging_type: "MESSAGE_TAG", tag: "HUMAN_AGENT").',
    ],
    ['code 10 of other kinds', { message: 'x', code: 10, error_subcode: 2018065 }, 'x [10/2018065].'],
    [
      'the rate limit of a user',
      { message: 'x', code: 17 },
      'x [17]. The user of the token has reached a rate limit.',
    ],
    [
      'a limit of the app',
      { message: 'x', code: 341 },
      'x [341]. The app has reached a limit. Try again later.',
    ],
    [
      'a block',
      { message: 'x', code: 368 },
      'x [368]. Facebook has blocked this temporarily because of its policies.',
    ],
    ...[80001, 80002, 80006].map((code): [string, GraphErrorBody, string] => [
      `the limit ${code}`,
      { message: 'x', code },
      `x [${code}]. The page has reached its rate limit.`,
    ]),
    ['an error without advice: none', { message: 'x', code: 100 }, 'x [100].'],
    ['a subcode without a code', { message: 'x', error_subcode: 2018074 }, 'x [?/2018074].'],
    ["Facebook's own full stops and spaces: one is enough", { message: 'x. . ', code: 10 }, 'x [10].'],
    ['a full stop within stays', { message: 'No. Never', code: 10 }, 'No. Never [10].'],
  ];
  for (const [what, body, ending, extras] of endings) {
    it(`tells of ${what}`, () => {
      assert.equal(
        new GraphError(SEND, 400, body, extras).message,
        `Facebook refused to send image "cats/tom.png": ${ending}`,
      );
    });
  }

  const faults: [what: string, status: number, code: number | undefined, said: string][] = [
    [
      'an unknown fault',
      400,
      1,
      'failed to send image "cats/tom.png": x [1]. The fault is temporary. The call may have been carried out anyway: according to Facebook, a message can arrive although the call failed.',
    ],
    [
      'a temporary fault',
      400,
      2,
      'failed to send image "cats/tom.png": x [2]. The fault is temporary. The call may have been carried out anyway: according to Facebook, a message can arrive although the call failed.',
    ],
    [
      'a fault of the service',
      400,
      1200,
      'failed to send image "cats/tom.png": x [1200]. The fault is temporary. The call may have been carried out anyway: according to Facebook, a message can arrive although the call failed.',
    ],
    ['HTTP 500', 500, 10, 'failed to send image "cats/tom.png": x [10].'],
    ['HTTP 499', 499, 10, 'refused to send image "cats/tom.png": x [10].'],
    ['an answer without a code', 400, undefined, 'refused to send image "cats/tom.png": x [HTTP 400].'],
  ];
  for (const [what, status, code, said] of faults) {
    it(`says who it was: ${what}`, () => {
      const body = { message: 'x', ...(code !== undefined && { code }) };
      assert.equal(new GraphError(SEND, status, body).message, `Facebook ${said}`);
    });
  }

  it('shows no secret, whoever wrote it into the message', () => {
    const body = {
      message: 'Malformed access token EAAB at https://example.com/a?sig=S',
      code: 190,
      type: 'Exception of EAAB',
      fbtrace_id: 'A1-EAAB',
    };
    const { message, type, fbtraceId } = new GraphError(SEND, 400, body, { secrets: ['EAAB'] });
    assert.deepEqual([type, fbtraceId], ['Exception of …', 'A1-…']);
    assert.match(message, /: Malformed access token … at https:\/\/example\.com\/a \[190\]\./);
  });
});

describe('TransportError', () => {
  it('tells that nothing was sent when there was no connection', () => {
    const error = new TransportError('ERR_GRAPH_UNREACHABLE', SEND, 'no connection');
    assert.ok(error instanceof Error);
    assert.deepEqual(fieldsOf(error), {
      name: 'TransportError',
      message:
        'Could not send image "cats/tom.png": no connection. ' +
        'Nothing was sent. Check the network, the proxy and the host of the Graph API.',
      code: 'ERR_GRAPH_UNREACHABLE',
      status: undefined,
      retryAfter: undefined,
      page: undefined,
      recipient: undefined,
      asset: 'image "cats/tom.png"',
    });
  });

  it('tells that a message may have arrived when the connection broke', () => {
    const error = new TransportError('ERR_GRAPH_INTERRUPTED', SEND, 'the connection broke');
    assert.equal(
      error.message,
      'Could not send image "cats/tom.png": the connection broke. The message may have arrived, so it is not sent again.',
    );
    assert.equal(error.code, 'ERR_GRAPH_INTERRUPTED');
  });

  it('tells that nothing was sent when a call got no place', () => {
    const error = new TransportError('ERR_GRAPH_STALLED', UPLOAD, 'no place');
    assert.equal(error.message, 'Could not upload image "cats/tom.png": no place. Nothing was sent.');
  });

  it('tells that an upload may have been carried out when its answer makes no sense', () => {
    const error = new TransportError('ERR_GRAPH_BAD_ANSWER', UPLOAD, 'HTTP 502', {
      status: 502,
      retryAfter: 7,
    });
    assert.equal(
      error.message,
      'Could not upload image "cats/tom.png": HTTP 502. The call may have been carried out.',
    );
    assert.deepEqual([error.status, error.retryAfter], [502, 7]);
  });
});

function fieldsOf(error: Error): object {
  return Object.assign({ message: error.message }, error);
}
