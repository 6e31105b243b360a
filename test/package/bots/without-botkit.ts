import {
  FacebookAttachmentCache,
  image,
  isAttachmentError,
  type MessengerMessage,
  type PageAccount,
  type PageClient,
  type SendAnswer,
  type SendEvent,
} from 'botkit-plugin-facebook-attachments';

const { USER_ID = '', PAGE_TOKEN = '', APP_SECRET, API_HOST } = process.env;

const account: PageAccount = { accessToken: PAGE_TOKEN, appSecret: APP_SECRET, apiHost: API_HOST };

// @ts-expect-error -- A misspelt option is found before the bot runs.
const misspelt: PageAccount = { accessToken: PAGE_TOKEN, apihost: API_HOST };

// @ts-expect-error -- So is a field that no message has.
const noMessage: MessengerMessage = { txt: 'Hello' };

const cache = new FacebookAttachmentCache({ root: 'pictures' });
const page: PageClient = cache.connect(account);
const sends: SendEvent['how'][] = [];
cache.on('send', ({ how }) => sends.push(how));

async function main(): Promise<void> {
  const errors: string[] = [];
  const picture: SendAnswer = await page.send(USER_ID, image('paw.png', { metadata: 'a picture' }));
  if (picture.message_id === undefined) throw new Error('Facebook gave no ID for the message');
  await page.send(USER_ID, image('missing.png')).catch((error: unknown) => {
    if (isAttachmentError(error)) errors.push(error.code);
  });
  await cache.close();
  const refused = [...Object.keys(misspelt), ...Object.keys(noMessage)];
  console.log(JSON.stringify({ stats: cache.stats, errors, sends, refused }));
}

void main();
