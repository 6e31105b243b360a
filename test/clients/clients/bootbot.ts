import { BUTTON, type ClientUnderTest, load, TEXT } from '../client';

type BootBot = new (options: { accessToken: string; verifyToken: string; appSecret: string }) => {
  sendRequest(body: object, edge: string): Promise<{ attachment_id: string }>;
  sendMessage(user: string, message: object): Promise<unknown>;
  sendAttachment(user: string, type: string, url: string): Promise<unknown>;
  sendButtonTemplate(user: string, text: string, buttons: object[]): Promise<unknown>;
  sendAction(user: string, action: string): Promise<unknown>;
};

const image = (payload: object) => ({ attachment: { type: 'image', payload } });

export const bootbot: ClientUnderTest = {
  name: 'bootbot',
  cannot: { uploadFromFile: 'speaks JSON only', sendFromFile: 'speaks JSON only' },
  open: ({ token }) => {
    const bot = new (load('bootbot') as BootBot)({
      accessToken: token,
      verifyToken: 'any',
      appSecret: 'any',
    });
    return {
      // It has no method for uploads; this one takes any edge.
      uploadFromUrl: async (url) => {
        const message = image({ url, is_reusable: true });
        return (await bot.sendRequest({ message }, 'message_attachments')).attachment_id;
      },
      sendById: (user, id) => bot.sendMessage(user, image({ attachment_id: id })),
      sendFromUrl: (user, url) => bot.sendAttachment(user, 'image', url),
      sendTemplate: (user) => bot.sendButtonTemplate(user, TEXT, [BUTTON]),
      startTyping: (user) => bot.sendAction(user, 'typing_on'),
    };
  },
};
