import { BUTTON, type ClientUnderTest, load, TEXT } from '../client';

interface Package {
  Messenger: new (options: { pageAccessToken: string }) => {
    messageAttachment(message: object): Promise<{ attachment_id: string }>;
    send(message: object, user: string): Promise<unknown>;
    senderAction(action: string, user: string): Promise<unknown>;
  };
  Image: new (image: { url?: string; is_reusable?: boolean; attachment_id?: string }) => object;
  Button: new (button: object) => object;
  ButtonTemplate: new (template: { text: string; buttons: object[] }) => object;
}

export const fbmessenger: ClientUnderTest = {
  name: 'fbmessenger',
  cannot: { uploadFromFile: 'speaks JSON only', sendFromFile: 'speaks JSON only' },
  open: ({ token }) => {
    const { Messenger, Image, Button, ButtonTemplate } = load('fbmessenger') as Package;
    const messenger = new Messenger({ pageAccessToken: token });
    return {
      uploadFromUrl: async (url) =>
        (await messenger.messageAttachment(new Image({ url, is_reusable: true }))).attachment_id,
      sendById: (user, id) => messenger.send(new Image({ attachment_id: id }), user),
      sendFromUrl: (user, url) => messenger.send(new Image({ url }), user),
      sendTemplate: (user) =>
        messenger.send(new ButtonTemplate({ text: TEXT, buttons: [new Button(BUTTON)] }), user),
      startTyping: (user) => messenger.senderAction('typing_on', user),
    };
  },
};
