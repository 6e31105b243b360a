import { BUTTON, type ClientUnderTest, load, TEXT } from '../client';

interface Recipient {
  recipient: { id: string };
}

interface Package {
  Messenger: new (options: { accessToken: string }) => {
    attachments: { upload(from: { type: string; url: string }): Promise<{ attachment_id: string }> };
    send: {
      attachment(message: Recipient & { type: string; attachment_id: string }): Promise<unknown>;
      attachmentFromUrl(message: Recipient & { type: string; url: string }): Promise<unknown>;
      typingOn(user: string): Promise<unknown>;
    };
    templates: { button(template: Recipient & { text: string; buttons: object[] }): Promise<unknown> };
  };
}

export const messengerSdk: ClientUnderTest = {
  name: '@warriorteam/messenger-sdk',
  cannot: { uploadFromFile: 'speaks JSON only', sendFromFile: 'speaks JSON only' },
  open: ({ token }) => {
    const { Messenger } = load('@warriorteam/messenger-sdk') as Package;
    const { attachments, send, templates } = new Messenger({ accessToken: token });
    const to = (id: string): Recipient => ({ recipient: { id } });
    return {
      uploadFromUrl: async (url) => (await attachments.upload({ type: 'image', url })).attachment_id,
      sendById: (user, id) => send.attachment({ ...to(user), type: 'image', attachment_id: id }),
      sendFromUrl: (user, url) => send.attachmentFromUrl({ ...to(user), type: 'image', url }),
      sendTemplate: (user) => templates.button({ ...to(user), text: TEXT, buttons: [BUTTON] }),
      startTyping: (user) => send.typingOn(user),
    };
  },
};
