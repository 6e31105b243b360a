import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type ThreadMessage } from 'messenger-platform-simulator';
import { invitation, receipt } from '../../example-bot/features/bytes';
import { ASSETS, openTestBed, PAGE, type TestBed } from './support';

describe('the example bot', () => {
  let bed: TestBed;
  before(async () => {
    bed = await openTestBed();
  });
  after(() => bed.close());

  const files = [
    ['picture', 'image', 'cats/tom.jpg', 'image/jpeg'],
    ['logo', 'image', 'paw.png', 'image/png'],
    ['gif', 'image', 'blink.gif', 'image/gif'],
    ['sound', 'audio', 'lullaby.mp3', 'audio/mpeg'],
    ['video', 'video', 'night.mp4', 'video/mp4'],
    ['file', 'file', 'cat-care.pdf', 'application/pdf'],
  ] as const;
  for (const [wish, type, name, contentType] of files) {
    it(`answers “${wish}” with ${name}`, async () => {
      const message = only(await bed.newcomer().write(wish));
      const { sha256, ...attachment } = only(message.attachments);
      assert.equal(sha256, hashOf(name));
      assert.equal(attachment.type, type);
      assert.equal(attachment.name, path.basename(name));
      assert.equal(attachment.contentType, contentType);
      assert.equal(message.text, undefined);
    });
  }

  it('hears words whatever their case', async () => {
    assert.equal(only(only(await bed.newcomer().write('Picture')).attachments).name, 'tom.jpg');
  });

  it('sends a film in a card, whose button works', async () => {
    const person = bed.newcomer();
    const card = only(await person.write('card'));
    assert.equal(only(card.attachments).sha256, hashOf('night.mp4'));
    assert.match(JSON.stringify(card.template), /"postback","title":"The tune, please","payload":"sound"/);
    const tune = only(await person.write('The tune, please', { payload: 'sound', postback: true }));
    assert.equal(only(tune.attachments).sha256, hashOf('lullaby.mp3'));
  });

  it('sends a picture in a card with a link', async () => {
    const card = only(await bed.newcomer().write('postcard'));
    assert.equal(only(card.attachments).sha256, hashOf('cats/mia.jpg'));
    assert.match(JSON.stringify(card.template), /"web_url"/);
  });

  it('leads through the gallery by quick replies, round and round', async () => {
    const person = bed.newcomer();
    const names: string[] = [];
    let wish = 'gallery';
    for (let turn = 0; turn < 4; turn += 1) {
      const message = only(await person.write(wish));
      names.push(only(message.attachments).name);
      const [next] = message.quick_replies as { title: string }[];
      wish = next?.title ?? '';
    }
    assert.deepEqual(names, ['tom.jpg', 'mia.jpg', 'paw.png', 'tom.jpg']);
  });

  it('sends bytes that are the same for everyone by one ID', async () => {
    const invitations = [await bed.newcomer().write('invitation'), await bed.newcomer().write('invitation')];
    const [one, other] = invitations.map((messages) => only(only(messages).attachments));
    assert.equal(one?.name, 'moonrise.ics');
    assert.equal(one.sha256, createHash('sha256').update(invitation()).digest('hex'));
    assert.ok(one.attachmentId);
    assert.equal(one.attachmentId, other?.attachmentId);
  });

  it('never saves a receipt, which is for one person', async () => {
    const person = bed.newcomer();
    const { sha256, attachmentId } = only(only(await person.write('receipt')).attachments);
    assert.equal(sha256, createHash('sha256').update(receipt(person.user)).digest('hex'));
    assert.equal(attachmentId, undefined);
    assert.ok(bed.simulator.assets().every((asset) => asset.sha256 !== sha256));
  });

  it('tells what it can do when it has not understood', async () => {
    const { text } = only(await bed.newcomer().write('what?'));
    assert.match(text ?? '', /picture, logo, gif, sound, video or file/);
  });

  describe('in its scripted conversation', () => {
    it('shows the cat that was asked for, and sings', async () => {
      const person = bed.newcomer();
      const [greeting, question] = await person.write('tour');
      assert.equal(greeting?.text, 'Two cats live here, Tom and Mia.');
      assert.equal(question?.text, 'Whom would you like to meet?');
      const [mia, blink] = await person.write('Mia');
      assert.equal(mia?.attachments[0]?.sha256, hashOf('cats/mia.jpg'));
      assert.equal(blink?.attachments[0]?.sha256, hashOf('blink.gif'));
      assert.match(JSON.stringify(blink.quick_replies), /Sing.*Good night/);
      const [song, farewell] = await person.write('Sing', { payload: 'Sing' });
      assert.equal(song?.attachments[0]?.sha256, hashOf('lullaby.mp3'));
      assert.equal(farewell?.text, 'Come back soon!');
      assert.match(only(await person.write('Sing')).text ?? '', /Write picture/, 'the conversation is over');
    });

    it('asks again for a cat that it does not know, and looks for no such file', async () => {
      const person = bed.newcomer();
      await person.write('tour');
      const callsBefore = bed.simulator.totals().calls;
      const answers = await person.write('../../package.json');
      assert.deepEqual(
        answers.map(({ text }) => text),
        ['I know Tom and Mia only.', 'Whom would you like to meet?'],
      );
      assert.equal(bed.simulator.totals().calls, callsBefore + 2);
    });

    it('goes on after a restart where it was, without an upload', async () => {
      const person = bed.newcomer();
      await person.write('tour');
      await person.write('Tom');
      const assetsBefore = bed.simulator.assets().length;
      await bed.restart();
      const [song, farewell] = await person.write('Sing');
      assert.equal(song?.attachments[0]?.sha256, hashOf('lullaby.mp3'));
      assert.equal(farewell?.text, 'Come back soon!');
      assert.equal(bed.simulator.assets().length, assetsBefore);
    });
  });

  it('shows a picture from the web, which the platform fetches once', async () => {
    const address = `${bed.simulator.httpUrl}/_sim/content/${hashOf('cats/tom.jpg')}`;
    await bed.newcomer().write('picture');
    const answers = [
      await bed.newcomer().write(`show ${address}`),
      await bed.newcomer().write(`show ${address}`),
    ];
    const [one, other] = answers.map((messages) => only(only(messages).attachments));
    assert.equal(one?.sha256, hashOf('cats/tom.jpg'));
    assert.equal(one.attachmentId, other?.attachmentId);
    assert.equal(bed.simulator.totals().byPurpose['upload-url'], 1);
  });

  it('passes the webhook’s handshake', async () => {
    assert.deepEqual(await bed.simulator.verifyWebhook(), { delivered: true, status: 200 });
  });

  it('turns a forged webhook away, and goes on', async () => {
    const body = JSON.stringify({ object: 'page', entry: [] });
    const forged = { 'content-type': 'application/json', 'x-hub-signature': `sha1=${'0'.repeat(40)}` };
    for (const headers of [forged, { 'content-type': 'application/json' }]) {
      const response = await fetch(bed.bot.webhook, { method: 'POST', headers, body });
      assert.equal(response.status, 403);
    }
    assert.equal((await bed.newcomer().write('logo')).length, 1);
  });

  it('speaks the API’s present version', () => {
    const versions = new Set(bed.simulator.calls().map((call) => call.path.split('/')[1]));
    assert.deepEqual([...versions], ['v25.0']);
    assert.ok(bed.simulator.calls().every((call) => call.page === undefined || call.page === PAGE.id));
  });
});

function hashOf(name: string): string {
  return createHash('sha256')
    .update(readFileSync(path.join(ASSETS, name)))
    .digest('hex');
}

function only<T extends object | ThreadMessage>(list: readonly T[]): T {
  assert.equal(list.length, 1);
  return list[0] as T;
}
