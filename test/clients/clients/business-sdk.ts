import { createReadStream } from 'node:fs';
import { BUTTON, type ClientUnderTest, load, TEXT } from '../client';

interface Api {
  call(method: string, path: string[], params: object, files: object): Promise<{ attachment_id: string }>;
}

interface Package {
  FacebookAdsApi: { init(token: string, locale: string, reportsCrashes: boolean): Api };
  Page: new (id: string) => {
    createMessage(fields: string[], params: object): Promise<unknown>;
    createMessageAttachment(fields: string[], params: object): Promise<{ attachment_id: string }>;
  };
}

const message = (payload: object) => ({ attachment: { type: 'image', payload } });

export const businessSdk: ClientUnderTest = {
  name: 'facebook-nodejs-business-sdk',
  // As soon as there is a file: src/http.js deletes what it has just put together.
  sendsNoBody: ['uploadFromFile', 'sendFromFile'],
  open: ({ id, token }) => {
    const { FacebookAdsApi, Page } = load('facebook-nodejs-business-sdk') as Package;
    // Otherwise it reports crashes to Facebook.
    const api = FacebookAdsApi.init(token, 'en_US', false);
    // A page that has uploaded once cannot do so again: the second answer makes it fail.
    const page = () => new Page(id);
    const send = (user: string, params: object) =>
      page().createMessage([], { recipient: { id: user }, messaging_type: 'RESPONSE', ...params });
    return {
      uploadFromUrl: async (url) => {
        const params = { message: message({ url, is_reusable: true }) };
        return (await page().createMessageAttachment([], params)).attachment_id;
      },
      uploadFromFile: async (file) => {
        const filedata = createReadStream(file);
        const params = { message: message({ is_reusable: true }) };
        return (await api.call('POST', [id, 'message_attachments'], params, { filedata })).attachment_id;
      },
      sendById: (user, attachment) => send(user, { message: message({ attachment_id: attachment }) }),
      sendFromUrl: (user, url) => send(user, { message: message({ url }) }),
      sendFromFile: (user, file) => {
        const params = { recipient: { id: user }, message: message({}) };
        return api.call('POST', [id, 'messages'], params, { filedata: createReadStream(file) });
      },
      sendTemplate: (user) => {
        const payload = { template_type: 'button', text: TEXT, buttons: [BUTTON] };
        return send(user, { message: { attachment: { type: 'template', payload } } });
      },
      startTyping: (user) =>
        page().createMessage([], { recipient: { id: user }, sender_action: 'typing_on' }),
    };
  },
};
