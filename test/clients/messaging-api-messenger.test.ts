import assert from 'node:assert/strict';
import { MessengerClient } from 'messaging-api-messenger';
import { PAGE, PNG, received, SECRET_PAGE, USER, useWebServer, useSimulator } from '../simulator/support';

describe('messaging-api-messenger, a client that knows nothing of the simulator', () => {
  const simulator = useSimulator();
  const files = useWebServer((_req, res) => res.setHeader('content-type', 'image/png').end(PNG));
  const client = ({ token, secret }: { token: string; secret?: string } = PAGE) =>
    new MessengerClient({
      accessToken: token,
      origin: simulator().httpUrl,
      version: '25.0',
      ...(secret !== undefined && { appSecret: secret }),
    });

  it('uploads from a URL and from a file, and sends both by ID', async () => {
    const fromUrl = await client().uploadImage(`${files()}/tom.png`, { isReusable: true });
    const fromFile = await client().uploadFile(PNG, { isReusable: true, filename: 'tom.png' });
    await client().sendImage(USER, { attachmentId: fromUrl.attachmentId });
    await client().sendFile(USER, { attachmentId: fromFile.attachmentId });
    assert.deepEqual(
      received(simulator()).map(({ attachments: [attachment] }) => [
        attachment?.type,
        attachment?.attachmentId,
        attachment?.name,
        attachment?.bytes,
      ]),
      [
        ['image', fromUrl.attachmentId, 'tom.png', PNG.length],
        ['file', fromFile.attachmentId, 'tom.png', PNG.length],
      ],
    );
  });

  it('sends text, by URL and by file', async () => {
    await client().sendText(USER, 'Hello', { tag: 'HUMAN_AGENT' });
    await client().sendImage(USER, `${files()}/tom.png`);
    // The client needs the name with bytes, but its types do not know of it.
    const named = { messagingType: 'UPDATE' as const, filename: 'tom.png' };
    const { messageId } = await client().sendImage(USER, PNG, named);
    const [text, byUrl, byFile] = received(simulator());
    assert.deepEqual([text?.text, text?.messaging_type, text?.tag], ['Hello', 'MESSAGE_TAG', 'HUMAN_AGENT']);
    assert.equal(byUrl?.attachments[0]?.sha256, byFile?.attachments[0]?.sha256);
    assert.equal(byFile?.mid, messageId);
    assert.deepEqual(
      simulator()
        .calls()
        .map(({ purpose, kind }) => `${purpose} ${kind}`),
      ['send-text json', 'send-url json', 'send-file multipart'],
    );
  });

  it('reads the page, proves the app’s secret, and is refused without', async () => {
    assert.deepEqual(await client(SECRET_PAGE).getPageInfo(), {
      id: SECRET_PAGE.id,
      name: `Page ${SECRET_PAGE.id}`,
    });
    const { token } = SECRET_PAGE;
    await assert.rejects(
      client({ token }).getPageInfo(),
      /100 GraphMethodException API calls from the server require an appsecret_proof/,
    );
    await assert.rejects(client({ token, secret: 'another' }).getPageInfo(), /100 GraphMethodException/);
  });

  it('learns of an error by code and type', async () => {
    await assert.rejects(
      client().sendImage(USER, { attachmentId: '1' }),
      /Messenger API - 100 OAuthException/,
    );
  });

  it('types, marks as seen, and sets and reads the profile', async () => {
    await client().typingOn(USER);
    assert.equal(simulator().thread(PAGE.id, USER).typing, true);
    await client().typingOff(USER);
    await client().markSeen(USER);
    const { typing, seen, messages } = simulator().thread(PAGE.id, USER);
    assert.deepEqual([typing, seen, messages], [false, true, []]);
    await client().setGetStarted('GO');
    assert.deepEqual(await client().getGetStarted(), { payload: 'GO' });
    await client().deleteGetStarted();
    assert.equal(await client().getGetStarted(), null);
  });

  it('reads the profile of a person', async () => {
    const profile = await client().getUserProfile(USER);
    assert.deepEqual([profile.id, profile.firstName], [USER, 'Test']);
  });
});
