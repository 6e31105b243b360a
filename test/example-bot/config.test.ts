import assert from 'node:assert/strict';
import path from 'node:path';
import { ConfigError, readConfig } from '../../example-bot/config';

const APP = { FACEBOOK_APP_SECRET: 'app-secret', FACEBOOK_VERIFY_TOKEN: 'verify' };

describe('the example bot’s configuration', () => {
  it('names no Facebook when the environment names no page, so that the simulator takes its place', () => {
    const config = readConfig({});
    assert.equal(config.facebook, undefined);
    assert.equal(config.port, 3000);
    assert.equal(path.basename(config.dataFolder), '.data');
  });

  it('takes an empty variable for one that is not set', () => {
    assert.equal(
      readConfig({ FACEBOOK_ACCESS_TOKEN: '', FACEBOOK_APP_SECRET: ' ', PORT: '' }).facebook,
      undefined,
    );
  });

  it('talks to graph.facebook.com with a page’s credentials', () => {
    const { facebook } = readConfig({ ...APP, FACEBOOK_ACCESS_TOKEN: 'token' });
    assert.deepEqual(facebook, {
      tokens: 'token',
      appSecret: 'app-secret',
      verifyToken: 'verify',
      apiHost: 'graph.facebook.com',
    });
  });

  it('reads the tokens of several pages', () => {
    const { facebook } = readConfig({ ...APP, FACEBOOK_PAGES: '1001:first, 1002:second:with:colons' });
    assert.deepEqual(
      facebook?.tokens,
      new Map([
        ['1001', 'first'],
        ['1002', 'second:with:colons'],
      ]),
    );
  });

  it('reads where to listen, what to send through and where to keep data', () => {
    const config = readConfig({
      ...APP,
      FACEBOOK_ACCESS_TOKEN: 'token',
      FACEBOOK_API_HOST: 'localhost:8443',
      PORT: '0',
      HOST: '127.0.0.1',
      DATA_FOLDER: 'somewhere',
    });
    assert.equal(config.facebook?.apiHost, 'localhost:8443');
    assert.equal(config.port, 0);
    assert.equal(config.host, '127.0.0.1');
    assert.equal(config.dataFolder, path.resolve('somewhere'));
  });

  const mistakes: [title: string, environment: NodeJS.ProcessEnv, complaint: RegExp][] = [
    [
      'a token without the app secret',
      { FACEBOOK_ACCESS_TOKEN: 't', FACEBOOK_VERIFY_TOKEN: 'v' },
      /Expected FACEBOOK_APP_SECRET.*got none/,
    ],
    [
      'a token without the verify token',
      { FACEBOOK_ACCESS_TOKEN: 't', FACEBOOK_APP_SECRET: 's' },
      /Expected FACEBOOK_VERIFY_TOKEN.*got none/,
    ],
    [
      'an app secret without a token',
      { FACEBOOK_APP_SECRET: 's' },
      /FACEBOOK_ACCESS_TOKEN.*or FACEBOOK_PAGES.*got neither/,
    ],
    [
      'one token and several',
      { ...APP, FACEBOOK_ACCESS_TOKEN: 't', FACEBOOK_PAGES: '1:t' },
      /either .* or FACEBOOK_PAGES, got both/,
    ],
    [
      'a page without a token',
      { ...APP, FACEBOOK_PAGES: '1:t,2' },
      /"id:token,id:token", got something else in place 2/,
    ],
    ['a page named twice', { ...APP, FACEBOOK_PAGES: '1:t,1:u' }, /each page once.*got 1 twice/],
    ['a port that is a word', { PORT: 'http' }, /PORT to be a number from 0 to 65535, got "http"/],
    ['a port that does not exist', { PORT: '65536' }, /got "65536"/],
  ];
  for (const [title, environment, complaint] of mistakes) {
    it(`refuses ${title}`, () => {
      assert.throws(
        () => readConfig(environment),
        (error) => {
          assert.ok(error instanceof ConfigError);
          assert.match(error.message, complaint);
          return true;
        },
      );
    });
  }

  it('names all mistakes at once, and no token', () => {
    assert.throws(
      () => readConfig({ FACEBOOK_PAGES: 'very-secret-token', PORT: 'x' }),
      ({ message }: Error) => {
        assert.equal(message.split('\n').length, 1 + 4);
        assert.doesNotMatch(message, /very-secret-token/);
        return true;
      },
    );
  });
});
