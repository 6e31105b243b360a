import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import {
  type Answer,
  assertError,
  PAGE,
  PNG,
  received,
  upload,
  USER,
  useWebServer,
  useSimulator,
} from './support';

const run = promisify(execFile);

/** The commands as the platform's pages print them. */
const PRINTED = {
  'attachment-upload-api: upload from a URL': String.raw`
curl -X POST "https://graph.facebook.com/v20.0/Your-page-id/message_attachments" \
     -H "Content-Type: application/json" \
     -d '{
           "access_token":"Your_page_access_token",
           "message":{
             "attachment":{
               "type":"image", 
               "payload":{
                 "url":"https://your-url.com/image.jpg",
                 "is_reusable": true
               }
             }
           }
         }'`,
  'attachment-upload-api: upload from a file': String.raw`
curl -X POST "https://graph.facebook.com/v20.0/Your-page-id/message_attachments" \
     -H "Content-Type: application/json" \
     -d '{
           "access_token":"Your_page_access_token",
           "message":{
             "attachment":{
               "type":"image"
             }
           },
           "filedata":"@/path-to-your-file/image.png";"type":"image/png"
         }'`,
  'attachment-upload-api: send an uploaded asset': String.raw`
curl -X POST "https://graph.facebook.com/v20.0/Your-page-id/messages" \
     -H "Content-Type: application/json" \
     -d '{
           "access_token":"Your_page_access_token",
           "message":{
             "attachment":{
               "type":"image",
               "payload":{
                 "attachment_id":"Your-attachment-ID"
               }
             }
           }
         }'`,
  'attachment-upload-api: upload and send': String.raw`
curl -X POST "https://graph.facebook.com/v19.0/Your-page-id/messages" \
     -H "Content-Type: application/json" \
     -d '{
           "access_token":"Your_page_access_token",
           "message":{
             "attachment":{
               "type":"image",
              "payload":{
                 "url":"https://your-url.com/image.jpg"
               }
             }
           }
         }'`,
  'saving-assets v19: save from a file': String.raw`
curl  \
  -F 'recipient={"id":"<PSID>"}' \
  -F 'message={"attachment":{"type":"<ASSET_TYPE>", "payload":{"is_reusable":true}}}' \
  -F 'filedata=@/tmp/shirt.png;type=image/png' \
  "https://graph.facebook.com/v19.0/me/messages?access_token=<PAGE_ACCESS_TOKEN>"  
  `,
  'saving-assets v19: upload from a URL': String.raw`
curl --location --request POST 'https://graph.facebook.com/v2.10/me/message_attachments?access_token=<PAGE_ACCESS_TOKEN>' \
--header 'Content-Type: application/json' \
--data-raw '{
  "message":{
    "attachment":{
      "type":"image", 
      "payload":{
        "url":"http://www.messenger-rocks.com/image.jpg",
        "is_reusable": true
      }
    }
  }
}'`,
  'saving-assets v25: save from a file': String.raw`curl \
-F 'recipient={"id":"<PSID>"}' \
-F 'message={"attachment":{"type":"<ASSET_TYPE>", "payload":{"is_reusable":true}}}' \
-F 'filedata=@/tmp/shirt.png;type=image/png' \
"https://graph.facebook.com/v25.0/me/messages?access_token=<PAGE_ACCESS_TOKEN>"
`,
  'saving-assets v25: send a saved asset': String.raw`curl -X POST "https://graph.facebook.com/<LATEST_API_VERSION>/<PAGE_ID>/messages" \
-H "Content-Type: application/json" \
-d '{
"recipient": {
"id": "<PSID>"
},
"message": {
"attachment": {
"type": "image",
"payload": {
"attachment_id": "<ATTACHMENT_ID>"
}
}
}
}' \
-F "access_token=<PAGE_ACCESS_TOKEN>"`,
  'saving-assets v25: upload and send': String.raw`curl -X POST "https://graph.facebook.com/<LATEST_API_VERSION>/<PAGE_ID>/messages" \
-H "Content-Type: application/json" \
-d '{
"recipient": {
"id": "<PSID>"
},
"message": {
"attachment": {
"type": "image",
"payload": {
"url": "https://example.com/image.jpg"
}
}
}
}' \
-F "access_token=<PAGE_ACCESS_TOKEN>"`,
};

describe('The commands of the platform’s pages, run by curl over HTTPS', () => {
  const simulator = useSimulator();
  const files = useWebServer((_req, res) => res.setHeader('content-type', 'image/png').end(PNG));
  let folder: string;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'simulator-'));
    await writeFile(path.join(folder, 'shirt.png'), PNG);
  });
  after(() => rm(folder, { recursive: true }));

  /** Runs a printed command with this test's address, token, files and IDs; `edit` is what else must change. */
  async function curl(
    name: keyof typeof PRINTED,
    { id = '', type = 'image', edit = (command: string) => command } = {},
  ): Promise<Answer> {
    const caFile = path.join(folder, 'ca.pem');
    await writeFile(caFile, simulator().ca);
    const command = edit(PRINTED[name])
      .replaceAll('https://graph.facebook.com', simulator().url)
      .replaceAll(/<LATEST_API_VERSION>/g, 'v25.0')
      .replaceAll(/<PAGE_ACCESS_TOKEN>|Your_page_access_token/g, PAGE.token)
      .replaceAll(/<PAGE_ID>|Your-page-id/g, PAGE.id)
      .replaceAll('<PSID>', USER)
      .replaceAll('<ASSET_TYPE>', type)
      .replaceAll(/<ATTACHMENT_ID>|Your-attachment-ID/g, id)
      .replaceAll('/tmp/shirt.png', path.join(folder, 'shirt.png'))
      .replaceAll(/https?:\/\/[\w.-]+\/image\.jpg/g, `${files()}/image.jpg`);
    const status = '\n%{http_code}';
    const script = `curl() { command curl -sS --cacert '${caFile}' -w '${status}' "$@"; }\n${command}`;
    const { stdout } = await run('bash', ['-c', script]);
    const [body = '', code] = stdout.split('\n');
    return { status: Number(code), body: JSON.parse(body) as Answer['body'] };
  }

  const withRecipient = (command: string) =>
    command.replace('"message":', `"recipient":{"id":"${USER}"}, "message":`);
  const withTokenInQuery = (command: string) =>
    command
      .replace(/ \\\n-F "access_token=<PAGE_ACCESS_TOKEN>"/, '')
      .replace('/messages"', '/messages?access_token=<PAGE_ACCESS_TOKEN>"');

  it('attachment-upload-api: uploads from a URL', async () => {
    const { status, body } = await curl('attachment-upload-api: upload from a URL');
    assert.equal(status, 200);
    assert.deepEqual(Object.keys(body), ['attachment_id']);
    assert.match(body.attachment_id ?? '', /^\d{16}$/);
    const [asset] = simulator().assets();
    assert.deepEqual([asset?.id, asset?.bytes, asset?.via], [body.attachment_id, PNG.length, 'upload']);
  });

  it('attachment-upload-api: refuses the upload from a file as printed, which is not JSON', async () => {
    assertError(await curl('attachment-upload-api: upload from a file'), 100, undefined, /not valid JSON/);
  });

  it('attachment-upload-api: refuses the upload from a file with its JSON mended: a file needs a form', async () => {
    const mended = await curl('attachment-upload-api: upload from a file', {
      edit: (command) =>
        command
          .replace(';"type":"image/png"', '')
          .replace('"type":"image"', '"type":"image","payload":{"is_reusable":true}'),
    });
    assertError(mended, 100, 2018005, /Incorrect number of files uploaded/);
  });

  it('attachment-upload-api: sends an uploaded asset, with the recipient that the printed command lacks', async () => {
    const id = await upload(simulator());
    assertError(
      await curl('attachment-upload-api: send an uploaded asset', { id }),
      100,
      undefined,
      /recipient is required/,
    );
    const { status, body } = await curl('attachment-upload-api: send an uploaded asset', {
      id,
      edit: withRecipient,
    });
    assert.deepEqual([status, body.recipient_id], [200, USER]);
    assert.deepEqual(
      received(simulator()).map(({ attachments }) => attachments[0]?.attachmentId),
      [id],
    );
  });

  it('attachment-upload-api: uploads and sends in one step, with the recipient that the printed command lacks', async () => {
    const { status, body } = await curl('attachment-upload-api: upload and send', { edit: withRecipient });
    assert.equal(status, 200);
    assert.deepEqual(Object.keys(body), ['recipient_id', 'message_id']);
    assert.deepEqual(simulator().assets(), []);
    assert.equal(received(simulator())[0]?.attachments[0]?.bytes, PNG.length);
  });

  for (const name of [
    'saving-assets v19: save from a file',
    'saving-assets v25: save from a file',
  ] as const) {
    for (const type of ['image', 'file']) {
      it(`${name}: saves as ${type} and sends in one step`, async () => {
        const { status, body } = await curl(name, { type });
        assert.equal(status, 200, JSON.stringify(body));
        assert.deepEqual(Object.keys(body), ['recipient_id', 'message_id', 'attachment_id']);
        const [message] = received(simulator());
        assert.equal(message?.mid, body.message_id);
        assert.equal(message?.attachments[0]?.attachmentId, body.attachment_id);
        assert.equal(message?.attachments[0]?.name, 'shirt.png');
      });
    }

    it(`${name}: works for the Attachment Upload API, too, at its own address`, async () => {
      const { status, body } = await curl(name, {
        edit: (command) => command.replace('/me/messages', '/me/message_attachments'),
      });
      assert.equal(status, 200);
      assert.deepEqual(Object.keys(body), ['attachment_id']);
      assert.deepEqual(received(simulator()), []);
    });
  }

  it('saving-assets v19: uploads from a URL', async () => {
    const { status, body } = await curl('saving-assets v19: upload from a URL');
    assert.equal(status, 200);
    assert.deepEqual(Object.keys(body), ['attachment_id']);
  });

  it('saving-assets v25: sends a saved asset, with the token in the query: curl takes no -d with -F', async () => {
    const id = await upload(simulator());
    const before = simulator().totals().calls;
    await assert.rejects(curl('saving-assets v25: send a saved asset', { id }), { code: 2 });
    assert.equal(simulator().totals().calls, before);
    const { status } = await curl('saving-assets v25: send a saved asset', { id, edit: withTokenInQuery });
    assert.equal(status, 200);
    assert.equal(received(simulator())[0]?.attachments[0]?.attachmentId, id);
  });

  it('saving-assets v25: uploads and sends in one step, with the token in the query', async () => {
    const { status, body } = await curl('saving-assets v25: upload and send', { edit: withTokenInQuery });
    assert.equal(status, 200);
    assert.equal(body.attachment_id, undefined);
    assert.equal(received(simulator())[0]?.attachments[0]?.bytes, PNG.length);
  });
});
