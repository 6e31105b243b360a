import { readFileSync } from 'node:fs';
import path from 'node:path';
import { BUTTON, type ClientUnderTest, load, TEXT } from '../client';

interface Rendered {
  results: { body: { attachment_id: string } }[];
}

interface Bot {
  start(): Promise<void>;
  render(user: string, node: unknown): Promise<unknown>;
  renderAttachment(node: unknown): Promise<Rendered>;
}

interface Messenger {
  MessengerBot: new (options: {
    pageId: string;
    accessToken: string;
    graphApiVersion: string;
    apiBatchRequestInterval: number;
  }) => Bot;
}

interface Core {
  default: { createElement: (component: unknown, props: object, ...children: unknown[]) => unknown };
}

/** How it wants a file. */
const fileOf = (file: string) => ({
  fileData: readFileSync(file),
  fileInfo: { filename: path.basename(file), contentType: 'image/png' },
});

/** Makes each call as a batch, files included. */
export const sociably: ClientUnderTest = {
  name: '@sociably/messenger',
  open: ({ id: pageId, token: accessToken }) => {
    const { MessengerBot } = load('@sociably/messenger') as Messenger;
    const components = load('@sociably/messenger/components') as Record<string, unknown>;
    const { createElement } = (load('@sociably/core') as Core).default;
    const bot = new MessengerBot({
      pageId,
      accessToken,
      graphApiVersion: 'v25.0',
      apiBatchRequestInterval: 0,
    });
    void bot.start();
    const image = (props: object) => createElement(components['Image'], props);
    const upload = async (props: object) => {
      const { results } = await bot.renderAttachment(image({ ...props, reusable: true }));
      return results[0]?.body.attachment_id;
    };
    return {
      uploadFromUrl: (url) => upload({ url }),
      uploadFromFile: (file) => upload(fileOf(file)),
      sendById: (user, attachmentId) => bot.render(user, image({ attachmentId })),
      sendFromUrl: (user, url) => bot.render(user, image({ url })),
      sendFromFile: (user, file) => bot.render(user, image(fileOf(file))),
      sendTemplate: (user) => {
        const { title, payload } = BUTTON;
        const buttons = createElement(components['PostbackButton'], { title, payload });
        return bot.render(user, createElement(components['ButtonTemplate'], { buttons }, TEXT));
      },
      startTyping: (user) => bot.render(user, createElement(components['TypingOn'], {})),
    };
  },
};
