import assert from 'node:assert/strict';
import { redact, withoutQuery, withoutSecrets } from '../../../src/base/redact';

describe('redact', () => {
  const promises: [what: string, text: string, clean: string][] = [
    ['a query string goes', 'see https://example.com/a.png?sig=S now', 'see https://example.com/a.png now'],
    ['a fragment goes', 'see https://example.com/a.png#token', 'see https://example.com/a.png'],
    ['user and password go', 'https://tom:secret@example.com/a.png', 'https://example.com/a.png'],
    ['a password with an @ goes whole', 'https://tom:se@cret@example.com/a', 'https://example.com/a'],
    ['an @ in a path stays', 'https://example.com/@tom/a.png', 'https://example.com/@tom/a.png'],
    [
      'an @ in a query string saves none of it',
      'https://example.com?mail=tom@home.org',
      'https://example.com',
    ],
    ['an @ in a fragment saves none of it', 'https://example.com#tom@home.org', 'https://example.com'],
    ['http and capitals count too', 'HTTP://tom@EXAMPLE.com/a?b', 'HTTP://EXAMPLE.com/a'],
    [
      'an address ends at a double quote',
      '"https://example.com/?a=b" is bad',
      '"https://example.com/" is bad',
    ],
    [
      'an address ends at a single quote',
      "'https://example.com/?a=b' is bad",
      "'https://example.com/' is bad",
    ],
    ['an address ends at a bracket', '<https://example.com/?a=b> is bad', '<https://example.com/> is bad'],
    ['all addresses count', 'https://a.org/?x https://b.org/?y', 'https://a.org/ https://b.org/'],
    [
      "a database's password goes",
      'no answer from redis://bot:hunter2@cache.example.com:6379/0?timeout=1',
      'no answer from redis://cache.example.com:6379/0',
    ],
    ['a scheme of two parts counts', 'mongodb+srv://bot:hunter2@example.com', 'mongodb+srv://example.com'],
    ['what is no address stays', 'what? #1 is tom@home.org', 'what? #1 is tom@home.org'],
    ['a token goes', 'access_token=EAAB&limit=1', 'access_token=…&limit=1'],
    ['a token in JSON goes', '{"access_token":"EAAB","x":1}', '{"access_token":"…","x":1}'],
    ['a token in JSON with spaces goes', "{'access_token' : 'EAAB' }", "{'access_token' : '…' }"],
    ['a token in braces goes', '{access_token: EAAB}', '{access_token: …}'],
    ['a token in a list goes', 'access_token=EAAB, later', 'access_token=…, later'],
    ['a proof goes', 'appsecret_proof=0f1e2d', 'appsecret_proof=…'],
    ["a client's secret goes", 'client_secret=0f1e2d', 'client_secret=…'],
    ["an app's secret goes", 'APP_SECRET: 0f1e2d.', 'APP_SECRET: …'],
    ['every credential goes', 'access_token=A app_secret=B', 'access_token=… app_secret=…'],
    ['the words alone stay', 'Invalid OAuth access_token', 'Invalid OAuth access_token'],
    ['other parameters stay', 'limit=10&page_id=1001', 'limit=10&page_id=1001'],
  ];
  for (const [what, text, clean] of promises) {
    it(what, () => {
      assert.equal(redact(text), clean);
    });
  }

  it('every secret goes wherever it stands', () => {
    assert.equal(redact('Malformed EAAB, not EAAB or 0f1e', ['EAAB', '0f1e']), 'Malformed …, not … or …');
  });
});

describe('redact, of a secret with a control character', () => {
  it('hides its percent escape, which has a zero in front', () => {
    assert.equal(redact('It is EAA%0aB.', ['EAA\nB']), 'It is ….');
  });
});

describe('redact, of a secret', () => {
  const secret = 'EAA|b+c/d=&e"f\'<é';
  const spellings: [what: string, text: string][] = [
    ['as it is', secret],
    ['with percent escapes', encodeURIComponent(secret)],
    ['with percent escapes in lower case', encodeURIComponent(secret).toLowerCase().replace('eaa', 'EAA')],
    ['with some percent escapes', 'EAA%7cb+c/d=%26e%22f%27%3C%C3%a9'],
    ['with HTML escapes by name', 'EAA|b+c/d=&amp;e&quot;f&apos;&lt;é'],
    ['with HTML escapes as Mustache writes them', 'EAA|b+c&#x2F;d&#x3D;&amp;e&quot;f&#39;&lt;é'],
    ['with HTML escapes of other kinds', 'EAA&#124;b&#x2b;c&#X2F;d&#0061;&#38;e&#x0022;f&#39;&#60;&#xe9;'],
  ];
  for (const [what, text] of spellings) {
    it(`hides it ${what}`, () => {
      assert.equal(redact(`It is ${text}, twice ${text}.`, [secret]), 'It is …, twice ….');
    });
  }

  it('leaves what only resembles it', () => {
    const text = 'EAA.b+c/d=&e"f\'<é eaa|b+c/d=&e"f\'<é EAA|b%20c EAA&#1124;';
    assert.equal(redact(text, [secret]), text);
  });

  it('takes each of its characters for nothing but itself', () => {
    assert.equal(redact('aXb a.b a%2Eb', ['a.b']), 'aXb … …');
    assert.equal(
      redact('ab a*b (a) [a] {1} \\d ^$', ['a*b', '(a)', '[a]', '{1}', '\\d', '^$']),
      'ab … … … … … …',
    );
  });

  it('hides &gt; as well', () => {
    assert.equal(redact('a&gt;b', ['a>b']), '…');
  });
});

describe('withoutSecrets', () => {
  it('shows scheme, host, port and path, and nothing else', () => {
    const url = new URL('https://tom:secret@example.com:8443/cats/tom.png?sig=S#top');
    assert.equal(withoutSecrets(url), 'https://example.com:8443/cats/tom.png');
  });
});

describe('withoutQuery', () => {
  const promises: [what: string, name: string, shown: string][] = [
    ['a path stays', 'cats/tom.jpg', 'cats/tom.jpg'],
    ['a question mark in a name stays', 'who?.png', 'who?.png'],
    [
      'the query of an address that forgot its scheme goes',
      'example.com/a.png?sig=0f1e',
      'example.com/a.png',
    ],
    ['a query with a slash in it goes', 'example.com/a.png?to=/b&sig=S', 'example.com/a.png'],
    ['one whose first part has no value goes', 'example.com/a.png?v/2&sig=S', 'example.com/a.png'],
    ['user and password go', '//tom:secret@example.com/a.png', '//example.com/a.png'],
    ['an @ in a path stays', '@tom/a.png', '@tom/a.png'],
    ['an @ after two slashes within a path stays', 'cats//tom@2x.png', 'cats//tom@2x.png'],
  ];
  for (const [what, name, shown] of promises) {
    it(what, () => {
      assert.equal(withoutQuery(name), shown);
    });
  }
});
