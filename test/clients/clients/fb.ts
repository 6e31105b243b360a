import { readFileSync } from 'node:fs';
import path from 'node:path';
import { BUTTON, type ClientUnderTest, load, TEXT } from '../client';

interface Facebook {
  api(path: string, method: 'post', params: object): Promise<{ attachment_id: string }>;
}

interface Package {
  FB: { extend(options: { accessToken: string; version: string }): Facebook };
}

const message = (payload: object) => ({ attachment: { type: 'image', payload } });
/** How it wants a file. */
const fileOf = (file: string) => ({
  value: readFileSync(file),
  options: { filename: path.basename(file), contentType: 'image/png' },
});

export const fb: ClientUnderTest = {
  name: 'fb',
  open: ({ token }) => {
    const client = (load('fb') as Package).FB.extend({ accessToken: token, version: 'v25.0' });
    const upload = async (params: object) =>
      (await client.api('me/message_attachments', 'post', params)).attachment_id;
    const send = (id: string, params: object) =>
      client.api('me/messages', 'post', { recipient: { id }, messaging_type: 'RESPONSE', ...params });
    return {
      uploadFromUrl: (url) => upload({ message: message({ url, is_reusable: true }) }),
      uploadFromFile: (file) => upload({ message: message({ is_reusable: true }), filedata: fileOf(file) }),
      sendById: (user, id) => send(user, { message: message({ attachment_id: id }) }),
      sendFromUrl: (user, url) => send(user, { message: message({ url }) }),
      sendFromFile: (user, file) => send(user, { message: message({}), filedata: fileOf(file) }),
      sendTemplate: (user) => {
        const payload = { template_type: 'button', text: TEXT, buttons: [BUTTON] };
        return send(user, { message: { attachment: { type: 'template', payload } } });
      },
      startTyping: (id) =>
        client.api('me/messages', 'post', { recipient: { id }, sender_action: 'typing_on' }),
    };
  },
};
