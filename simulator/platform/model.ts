/** What the platform knows of, in the platform's words. Times are milliseconds on the simulator's clock. */

export const ATTACHMENT_TYPES = ['image', 'audio', 'video', 'file'] as const;

export type AttachmentType = (typeof ATTACHMENT_TYPES)[number];

export interface PageOptions {
  id: string;
  token: string;
  /** The app's secret. With it, webhooks are signed, and an `appsecret_proof` is checked. */
  secret?: string | undefined;
  /**
   * Whether calls without an `appsecret_proof` are refused, as with the app setting *Require App Secret*.
   * Default: true, if there is a secret
   */
  requireProof?: boolean | undefined;
  name?: string | undefined;
}

export interface Page extends PageOptions {
  readonly name: string;
  readonly requireProof: boolean;
  /** What the bot has set at /me/messenger_profile. */
  readonly profile: Map<string, unknown>;
  readonly personas: Map<string, Persona>;
  readonly labels: Map<string, Label>;
  /** Of /me/subscribed_apps; undefined while no app is subscribed. */
  subscribedFields: string[] | undefined;
}

/** As whom a bot writes. */
export interface Persona {
  id: string;
  name: string;
  profile_picture_url: string;
}

/** What a page says of people, for itself. */
export interface Label {
  id: string;
  name: string;
  users: Set<string>;
}

/** A file as it came in: from a form or from a URL. */
export interface IncomingFile {
  bytes: Buffer;
  sha256: string;
  contentType: string;
  name: string;
  /** Where it was fetched from. */
  url?: string;
}

/** A file that the platform has taken in; its bytes are in the content store. */
export interface StoredFile {
  type: AttachmentType;
  name: string;
  contentType: string;
  bytes: number;
  sha256: string;
  /** Of a picture, in pixels, if its header tells. */
  width?: number;
  height?: number;
}

/** A saved asset: what an attachment ID stands for. */
export interface Asset extends StoredFile {
  id: string;
  page: string;
  url?: string;
  uploadedAt: number;
  expiresAt: number;
  alive: boolean;
  /** Without `is_reusable` an ID is good for one message. */
  reusable: boolean;
  timesUsed: number;
  via: 'upload' | 'send';
}

export interface ThreadAttachment extends StoredFile {
  attachmentId?: string;
  /** Where the control API shows the bytes. */
  url: string;
}

export interface ThreadMessage {
  mid: string;
  from: 'page' | 'user';
  at: number;
  text?: string;
  attachments: ThreadAttachment[];
  template?: unknown;
  quick_replies?: unknown;
  sticker_id?: string | number;
  /** Of a quick reply or a postback. */
  payload?: string;
  messaging_type?: unknown;
  tag?: unknown;
  notification_type?: unknown;
  persona_id?: unknown;
  /** What the persona was when the message was sent, if there was one. */
  persona?: Omit<Persona, 'id'>;
  /** Of the message that this one replies to. */
  reply_to?: string;
  /** The page's reaction to what the person wrote, an emoji. */
  reaction?: string;
  /** What the bot wants its own echo to carry. */
  metadata?: string;
  /** The person tapped a button, Get started, the menu or an ice breaker. */
  postback?: true;
  /** How the person came to the page, if this was the first thing that they tapped. */
  referral?: Referral;
  location?: { lat: number; long: number; title?: string };
  /** The person's reaction, an emoji. */
  userReaction?: string;
  /** The person took it back, and sees it no more. */
  unsent?: true;
  /** How the bot took what a user wrote, once it is known. */
  delivery?: Delivery;
}

/** How a webhook call went. */
export interface Delivery {
  delivered: boolean;
  /** What the bot answered. */
  status?: number;
  error?: string;
}

/** How a person came to a page. */
export interface Referral {
  /** What stands in the link: `https://m.me/PAGE?ref=…`, or in the ad. */
  ref: string;
  /** Set when the person comes from an ad. */
  adId?: string | undefined;
}

/** What a person does in a thread beside writing. */
export type PersonEvent =
  | { type: 'react'; mid: string; emoji: string }
  | { type: 'unreact'; mid: string }
  /** Has read everything so far. */
  | { type: 'read' }
  | { type: 'unsend'; mid: string }
  /** Comes by a link such as `https://m.me/PAGE?ref=…`, or by an ad. */
  | ({ type: 'referral' } & Referral)
  /** Taps "Send to Messenger" on a web page. */
  | { type: 'optin'; ref: string }
  /** Has logged in at the bot's own address, which gave the code. */
  | { type: 'link_account'; authorizationCode: string }
  | { type: 'unlink_account' }
  /** Whoever the bot has passed the thread to passes it back; the person has no part in it. */
  | { type: 'hand_back'; metadata?: string | undefined };

export type ThreadEvent = PersonEvent & {
  at: number;
  /** The message before it. */
  after?: string;
};

export interface Thread {
  page: string;
  user: string;
  /** The bot's last `sender_action` was `typing_on`, and no message came since. */
  typing: boolean;
  /** The bot has marked the user's last message as seen. */
  seen: boolean;
  /** The app that the bot has passed the thread to. */
  owner?: string;
  messages: ThreadMessage[];
  /** The last 1,000. */
  events: ThreadEvent[];
}

export interface Clock {
  now: number;
  advancedDays: number;
}

export interface State {
  pages: { id: string; name: string; hasSecret: boolean }[];
  assets: Asset[];
  threads: Thread[];
  clock: Clock;
}

/** `unknown`: the page has no thread with the user. */
export type Reachability = 'available' | 'unavailable' | 'unknown';

/** The app that a bot belongs to, which all tokens are for. */
export const APP_ID = '100000000000001';

/** The page that is there when none is asked for. A bot may leave `appsecret_proof` out, as with most apps. */
export const DEMO_PAGE = {
  id: '1000000000000001',
  name: 'Demo page',
  token: 'demo-page-token',
  secret: 'demo-app-secret',
  requireProof: false,
} satisfies PageOptions;

/** A file as it stands in a thread. */
export function threadAttachment(file: StoredFile, attachmentId?: string): ThreadAttachment {
  const url = `/_sim/content/${file.sha256}?type=${encodeURIComponent(file.contentType)}`;
  return { ...file, ...(attachmentId !== undefined && { attachmentId }), url };
}

/** Pages and people have IDs of digits. */
export function isId(id: string): boolean {
  return /^\d{1,32}$/.test(id);
}
