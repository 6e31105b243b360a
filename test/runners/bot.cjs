const { once } = require('node:events');
const { createServer } = require('node:http');
const { json } = require('node:stream/consumers');
const { setTimeout: wait } = require('node:timers/promises');

const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

exports.PNG = PNG;

/**
 * A bot of plain HTTP. It answers its webhook first and the person afterwards, and takes its time to find a picture.
 *
 * @param {{ graph: string, token: string }} platform Where the Graph API is, and the page's token.
 */
exports.startBot = async ({ graph, token }) => {
  const server = createServer(async (req, res) => {
    if (req.method === 'GET') {
      res.writeHead(200, { 'content-type': 'image/png' }).end(PNG);
      return;
    }
    const { entry } = await json(req);
    res.end('EVENT_RECEIVED');
    for (const { messaging } of entry) for (const event of messaging) await answer(event);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${server.address().port}`;

  async function answer({ sender, message }) {
    if (message.quick_reply) {
      await wait(150);
      await send(sender, { text: `Here is a ${message.text.toLowerCase()}` });
      await send(sender, { attachment: { type: 'image', payload: { url: `${url}/${message.text}.png` } } });
    } else if (message.attachments) {
      await send(sender, { text: `What a nice ${message.attachments[0].type}!` });
    } else {
      const replies = ['Kitten', 'Cat'].map((title) => ({ content_type: 'text', title, payload: title }));
      await send(sender, { text: 'Which one?', quick_replies: replies });
    }
  }

  async function send(recipient, message) {
    const response = await fetch(`${graph}/v25.0/me/messages?access_token=${token}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ recipient, message }),
    });
    if (!response.ok) console.error(await response.text());
  }

  return { url: `${url}/webhook`, close: () => server.close() };
};
