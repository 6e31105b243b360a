import { BUTTON, type ClientUnderTest, load, TEXT } from '../client';

interface Recipient {
  id: string;
}

interface Source {
  type: 'image';
  /** An address or a path. */
  source: string;
  is_reusable: boolean;
}

interface Package {
  Client: new (options: { page_token: string }) => {
    uploadAttachment(attachment: Source): Promise<{ attachment_id: string }>;
    sendAttachment(attachment: Source, recipient: Recipient): Promise<unknown>;
    sendTemplate(recipient: Recipient, template: object): Promise<unknown>;
    sendSenderAction(recipient: Recipient, action: string): Promise<unknown>;
    callSendApi(recipient: Recipient, payload: object): Promise<unknown>;
  };
}

const image = (source: string): Source => ({ type: 'image', source, is_reusable: true });

export const messengerNode: ClientUnderTest = {
  name: 'messenger-node',
  open: ({ token }) => {
    const { Client } = load('messenger-node') as Package;
    const client = new Client({ page_token: token });
    const upload = async (source: string) => (await client.uploadAttachment(image(source))).attachment_id;
    const send = (id: string, source: string) => client.sendAttachment(image(source), { id });
    return {
      uploadFromUrl: upload,
      uploadFromFile: upload,
      // Its own method for attachments knows no IDs.
      sendById: (id, attachment) =>
        client.callSendApi({ id }, { attachment: { type: 'image', payload: { attachment_id: attachment } } }),
      sendFromUrl: send,
      sendFromFile: send,
      sendTemplate: (id) =>
        client.sendTemplate({ id }, { template_type: 'button', text: TEXT, buttons: [BUTTON] }),
      startTyping: (id) => client.sendSenderAction({ id }, 'typing_on'),
    };
  },
};
