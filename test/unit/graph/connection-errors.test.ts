import assert from 'node:assert/strict';
import { aggregateOfOtherRealm, errorOfOtherRealm } from '../../support/checks/other-realm';
import {
  connectionAdvice,
  describeConnectionError as shown,
  hasNotBegun,
  NoConnectionError,
} from '../../../src/graph/connection-errors';

const withCode = (code: unknown, message = 'It failed', more: object = {}): Error =>
  Object.assign(new Error(message), { code, ...more });

describe('What a connection error says', () => {
  it('takes OpenSSL’s own words of its errors only', () => {
    const reason = 'wrong version number';
    assert.match(
      shown(withCode('ERR_SSL_WRONG_VERSION_NUMBER', 'It failed', { reason })),
      /wrong version number/,
    );
    assert.doesNotMatch(shown(withCode('ECONNRESET', 'It failed', { reason })), /wrong version number/);
    assert.match(shown(withCode('ERR_SSL_WRONG_VERSION_NUMBER')), /It failed/);
  });

  it('gives no advice on what is no error', () => {
    assert.deepEqual([undefined, null, 'ERR_SSL_X'].map(connectionAdvice), [undefined, undefined, undefined]);
  });
});

describe('hasNotBegun', () => {
  const refused = withCode('ECONNREFUSED', 'connect ECONNREFUSED', { syscall: 'connect' });
  const cases: [what: string, error: unknown, hasNotBegun: boolean][] = [
    ['no connection, as our own dispatcher says', new NoConnectionError('x'), true],
    ['a refused connection', refused, true],
    ['too many open files at a connection', withCode('EMFILE', 'x', { syscall: 'connect' }), true],
    ['a name that is not known', withCode('ENOTFOUND', 'x', { syscall: 'getaddrinfo' }), true],
    ['a connection that took too long', withCode('UND_ERR_CONNECT_TIMEOUT'), true],
    ['a proxy with another certificate', withCode('UND_ERR_PRX_TLS'), true],
    ['a closed dispatcher', withCode('UND_ERR_CLOSED'), true],
    ['a dispatcher that was destroyed, before or after', withCode('UND_ERR_DESTROYED'), false],
    ['a certificate that has expired', withCode('CERT_HAS_EXPIRED'), true],
    ['a certificate of nobody known', withCode('UNABLE_TO_GET_ISSUER_CERT_LOCALLY'), true],
    ['a certificate that signed itself', withCode('DEPTH_ZERO_SELF_SIGNED_CERT'), true],
    ['a chain that signed itself', withCode('SELF_SIGNED_CERT_IN_CHAIN'), true],
    ['a certificate of another host', withCode('ERR_TLS_CERT_ALTNAME_INVALID'), true],
    ['a code that ends so', withCode('NO_CERT_HAS_EXPIRED'), false],
    [
      'a connection that ended too soon',
      new Error('Socket ended before secure TLS connection was established'),
      true,
    ],
    [
      'a proxy that refused the tunnel',
      withCode('UND_ERR_ABORTED', 'Proxy response (503) !== 200 when HTTP Tunneling'),
      true,
    ],
    ['such words of an answer', withCode('UND_ERR_SOCKET', 'Proxy response (503) !== 200'), false],
    ['such words later on', withCode('UND_ERR_ABORTED', 'No: Proxy response (503)'), false],
    ['such words without a status', withCode('UND_ERR_ABORTED', 'Proxy response (x)'), false],
    ['a call that was broken off', withCode('UND_ERR_ABORTED', 'Request aborted'), false],
    ['a broken connection', withCode('ECONNRESET', 'read ECONNRESET', { syscall: 'read' }), false],
    ['no answer in time', withCode('UND_ERR_HEADERS_TIMEOUT'), false],
    [
      'an answer that is not encrypted, which can come later, too',
      withCode('ERR_SSL_WRONG_VERSION_NUMBER'),
      false,
    ],
    ['a code that is none', withCode(7), false],
    ['several of which each is sure', new AggregateError([refused, refused]), true],
    ['several of which one is not sure', new AggregateError([refused, new Error('Reset')]), false],
    ['several that are none', new AggregateError([]), false],
    ['what is no error', { syscall: 'connect' }, false],
    ['a refused connection, in Jest', errorOfOtherRealm('x', { syscall: 'connect' }), true],
    ['several of which each is sure, in Jest', aggregateOfOtherRealm([refused]), true],
    ['several of which one is not sure, in Jest', aggregateOfOtherRealm([refused, new Error('x')]), false],
  ];
  for (const [what, error, expected] of cases) {
    it(`${expected ? 'is sure of' : 'is not sure of'} ${what}`, () => {
      assert.equal(hasNotBegun(error), expected);
    });
  }
});

describe('describeConnectionError', () => {
  const cases: [what: string, error: unknown, text: string][] = [
    ['a message with its code', withCode('ECONNRESET', 'read ECONNRESET'), 'read ECONNRESET'],
    ['a message without its code', withCode('ECONNRESET', 'it ended'), 'ECONNRESET: it ended'],
    ['a code alone', withCode('ECONNRESET', ''), 'ECONNRESET'],
    ['a name alone', new RangeError(''), 'RangeError'],
    [
      'what OpenSSL says, without its numbers',
      withCode('ERR_SSL_WRONG_VERSION_NUMBER', '80EC:error:0A', { reason: 'wrong version number' }),
      'ERR_SSL_WRONG_VERSION_NUMBER: wrong version number',
    ],
    ['a code that is none', withCode(7, 'it ended'), 'it ended'],
    ['what is no error', 'it ended', 'it ended'],
    [
      'an error of another realm',
      errorOfOtherRealm('it ended', { code: 'ECONNRESET' }),
      'ECONNRESET: it ended',
    ],
  ];
  for (const [what, error, text] of cases) {
    it(`shows ${what}`, () => {
      assert.equal(shown(error), text);
    });
  }
});

describe('connectionAdvice', () => {
  it('knows the codes of errors of another realm', () => {
    const code = 'CERT_HAS_EXPIRED';
    const errors = [
      errorOfOtherRealm('x', { code }),
      new NoConnectionError(errorOfOtherRealm('x', { code })),
    ];
    for (const error of errors)
      assert.match(connectionAdvice(error) ?? '', /is the clock of this machine right/);
  });
});
