/**
 * What a fragment in the documentation takes for granted: a bot as in the README's first example, in the middle of a
 * conversation. Fragments are compiled as if they stood in an async function among these.
 */

type SendResult = import('botkit-plugin-facebook-attachments').SendResult;

type Plugin = typeof import('botkit-plugin-facebook-attachments');

declare const FacebookAttachmentCache: Plugin['FacebookAttachmentCache'];
declare const AttachmentError: Plugin['AttachmentError'];
declare const GraphError: Plugin['GraphError'];
declare const TransportError: Plugin['TransportError'];
declare const StoreError: Plugin['StoreError'];
declare const FacebookAttachmentsError: Plugin['FacebookAttachmentsError'];
declare const isAdapterError: Plugin['isAdapterError'];
declare const isAttachmentError: Plugin['isAttachmentError'];
declare const isGraphError: Plugin['isGraphError'];
declare const isPartlySentError: Plugin['isPartlySentError'];
declare const image: Plugin['image'];
declare const audio: Plugin['audio'];
declare const video: Plugin['video'];
declare const file: Plugin['file'];
declare const media: Plugin['media'];

declare const FacebookAdapter: typeof import('botbuilder-adapter-facebook').FacebookAdapter;
declare const BotkitConversation: typeof import('botkit').BotkitConversation;
declare const Keyv: typeof import('keyv').default;
declare const KeyvRedis: typeof import('@keyv/redis').default;
declare const KeyvPostgres: new (uri: string) => { opts: { iterationLimit?: number } };
declare const ProxyAgent: typeof import('undici').ProxyAgent;
declare const path: typeof import('node:path');
declare const startSimulator: typeof import('messenger-platform-simulator').startSimulator;

declare const adapter: import('botbuilder-adapter-facebook').FacebookAdapter;
declare const controller: import('botkit').Botkit;
declare const bot: import('botkit').BotWorker;
declare const message: import('botkit').BotkitMessage;
declare const cache: import('botkit-plugin-facebook-attachments').FacebookAttachmentCache;
declare const page: import('botkit-plugin-facebook-attachments').PageClient;
declare const dispatcher: import('undici').Dispatcher;

/** In simulator/docs/testing.md, with a bot at `webhook`. */
declare const simulator: import('messenger-platform-simulator').Simulator;
declare const webhook: string;

declare const root: string;
declare const person: string;
declare const people: readonly string[];
declare const reference: Partial<import('botbuilder').ConversationReference>;
/** A new signature each time. */
declare function signedAddress(name: string): Promise<string>;
declare const text: string;
declare const pdf: Buffer;
declare const log: { warn(...values: unknown[]): void };
/** A picture of a text. */
declare function qrCode(text: string): Promise<Buffer>;

declare namespace NodeJS {
  /** What every bot is given. */
  interface ProcessEnv {
    FACEBOOK_VERIFY_TOKEN: string;
    FACEBOOK_ACCESS_TOKEN: string;
    FACEBOOK_APP_SECRET: string;
  }
}

declare module 'pg' {
  const pg: { Pool: new (options: object) => import('node:events').EventEmitter };
  export = pg;
}

declare module 'sharp' {
  interface Sharp {
    rotate(): Sharp;
    resize(options: object): Sharp;
    jpeg(): Sharp;
    toBuffer(): Promise<Buffer>;
  }
  const sharp: (input: ArrayBuffer) => Sharp;
  export = sharp;
}
