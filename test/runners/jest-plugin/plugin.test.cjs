const { once } = require('node:events');
const { mkdtemp, rm, writeFile } = require('node:fs/promises');
const { createServer } = require('node:http');
const { tmpdir } = require('node:os');
const path = require('node:path');
const { FacebookAttachmentCache, image } = require('botkit-plugin-facebook-attachments');
const { Agent } = require('undici');
const { PNG } = require('../bot.cjs');

const { FACEBOOK_ACCESS_TOKEN, FACEBOOK_APP_SECRET, FACEBOOK_API_HOST } = process.env;

describe('The plugin', () => {
  let folder, website, cache, page, address;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'jest-'));
    await writeFile(path.join(folder, 'tom.png'), PNG);
    website = createServer((req, res) => res.writeHead(200, { 'content-type': 'image/png' }).end(PNG));
    website.listen(0, '127.0.0.1');
    await once(website, 'listening');
    const origin = `http://127.0.0.1:${website.address().port}`;
    address = `${origin}/spike.png`;
    cache = new FacebookAttachmentCache({ root: folder, fetchFrom: [origin] });
    page = cache.connect({
      accessToken: FACEBOOK_ACCESS_TOKEN,
      appSecret: FACEBOOK_APP_SECRET,
      apiHost: FACEBOOK_API_HOST,
    });
  });
  afterAll(async () => {
    await cache.close();
    website.close();
    await rm(folder, { recursive: true });
  });

  it('uploads the files of a pattern', async () => {
    const { uploaded } = await page.warm('*.png');
    expect(uploaded).toBe(1);
  });

  it.each([
    ['a file', () => image('tom.png')],
    ['an address that it fetches', () => image(address)],
    ['a data: URI', () => image(`data:image/png;base64,${PNG.toString('base64')}`)],
  ])('sends %s', async (_, make) => {
    const { message_id } = await page.send('1', make());
    expect(message_id).toMatch(/^m_/);
  });

  it('is sure that nothing was sent to a closed port, with a dispatcher of the author’s own', async () => {
    const dispatcher = new Agent();
    const other = new FacebookAttachmentCache({ dispatcher });
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address();
    await new Promise((resolve) => server.close(resolve));
    try {
      const closed = other.connect({ accessToken: FACEBOOK_ACCESS_TOKEN, apiHost: `localhost:${port}` });
      const message = image('https://example.com/tom.png');
      await expect(closed.send('1', message)).rejects.toMatchObject({ code: 'ERR_GRAPH_UNREACHABLE' });
    } finally {
      await other.close();
      await dispatcher.close();
    }
  });
});
