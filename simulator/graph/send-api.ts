import {
  attachmentType,
  isTrue,
  objectParam,
  type PageCall,
  receiveAttachment,
  useAsset,
} from './attachments';
import { isObject } from '../base/check';
import {
  emptyMessage,
  invalidParameter,
  onlyOneContent,
  outsideWindow,
  unknownUser,
  userUnavailable,
} from './errors';
import { checkMessage, checkMessagingType } from './send-schema';
import { HUMAN_AGENT_WINDOW, STANDARD_WINDOW } from '../platform/windows';
import { type StoredFile, type ThreadAttachment, type ThreadMessage } from '../platform/model';

interface SendAnswer {
  recipient_id: string;
  message_id?: string;
  attachment_id?: string;
}

type MessageContent = Pick<ThreadMessage, 'attachments' | 'template'> & { savedAs?: string };

/** Send API: `POST /<page>/messages`. */
export async function sendMessage(call: PageCall): Promise<SendAnswer> {
  const { platform, page, params } = call;
  const user = recipientOf(params['recipient']);
  const reachability = platform.reachability(page, user);
  if (reachability === 'unknown') throw unknownUser();
  if (reachability === 'unavailable') throw userUnavailable();
  if (params['sender_action'] !== undefined) return performSenderAction(call, user);

  if (params['message'] === undefined) throw emptyMessage();
  const message = objectParam(params['message'], 'message');
  const text = textOf(message);
  checkMessage(message);
  checkMessagingType(params);
  if (text !== undefined && hasAttachment(message)) throw onlyOneContent();
  checkWindow(call, user);
  const { savedAs, ...content } = await contentOf(call, message);
  if (
    text === undefined &&
    content.attachments.length === 0 &&
    content.template === undefined &&
    isAbsent(message['sticker_id'])
  ) {
    throw emptyMessage();
  }
  const { mid } = platform.addMessage(page, user, {
    from: 'page',
    ...(text !== undefined && { text }),
    ...content,
    ...recorded(message, ['quick_replies', 'sticker_id']),
    ...recorded(params, ['messaging_type', 'tag', 'notification_type', 'persona_id']),
  });
  return { recipient_id: user, message_id: mid, ...(savedAs !== undefined && { attachment_id: savedAs }) };
}

/**
 * policy/policy-overview: messages within 24 hours of the person's last one; with the tag HUMAN_AGENT, within 7 days.
 * No messaging type stands for RESPONSE. Sender actions are not messages.
 */
function checkWindow({ platform, page, params }: PageCall, user: string): void {
  const window = params['tag'] === 'HUMAN_AGENT' ? HUMAN_AGENT_WINDOW : STANDARD_WINDOW;
  if (platform.windowAge(page, user) >= window) throw outsideWindow();
}

function performSenderAction({ platform, page, params }: PageCall, user: string): SendAnswer {
  const action = params['sender_action'];
  if (params['message'] !== undefined) {
    throw invalidParameter('Cannot send both message and state at the same time.');
  }
  if (action !== 'mark_seen' && action !== 'typing_on' && action !== 'typing_off') {
    throw invalidParameter('Param sender_action must be one of {MARK_SEEN, TYPING_ON, TYPING_OFF}');
  }
  platform.applySenderAction(page, user, action);
  return { recipient_id: user };
}

/** Only people with an ID: there are no phone numbers, comments or checkbox plugins here. */
function recipientOf(recipient: unknown): string {
  const id = isObject(recipient) ? recipient['id'] : undefined;
  if (typeof id !== 'string' && typeof id !== 'number') throw unknownUser();
  return String(id);
}

function textOf(message: Record<string, unknown>): string | undefined {
  const text = message['text'] ?? undefined;
  if (text === undefined) return undefined;
  if (typeof text !== 'string') return undefined; // `checkMessage` refuses it.
  if (text !== '') return text;
  if (!hasAttachment(message)) throw emptyMessage();
  // The documents ask for a text or an attachment; an empty text is neither. Some clients always send one: here it
  // shows, rather than on the platform.
  throw invalidParameter(
    'Param message[text] must be a non-empty string, or be left out beside an attachment',
  );
}

async function contentOf(call: PageCall, message: Record<string, unknown>): Promise<MessageContent> {
  const { attachment, attachments } = message;
  if (!isAbsent(attachment) && !isAbsent(attachments)) {
    throw invalidParameter('Param message must have attachment or attachments, got both');
  }
  if (!isAbsent(attachments)) return imagesContent(call, attachments);
  if (!isAbsent(attachment)) return attachmentContent(call, objectParam(attachment, 'message[attachment]'));
  if (call.file) throw invalidParameter('The parameter message[attachment] is required beside filedata');
  return { attachments: [] };
}

async function attachmentContent(
  call: PageCall,
  attachment: Record<string, unknown>,
): Promise<MessageContent> {
  const payload = objectParam(attachment['payload'], 'message[attachment][payload]');
  if (attachment['type'] === 'template') return templateContent(call, payload);

  const { file, attachmentId, url } = await receiveAttachment(
    call,
    attachmentType(attachment['type']),
    payload,
  );
  if (attachmentId !== undefined || !isTrue(payload['is_reusable'])) {
    return { attachments: [shown(file, attachmentId)] };
  }
  const asset = call.platform.save(call.page, file, 'send', url);
  return { attachments: [shown(file, asset.id)], savedAs: asset.id };
}

/** Several images in one message, by URL: the documents show nothing else there. */
async function imagesContent(call: PageCall, images: unknown): Promise<MessageContent> {
  const attachments = (images as { payload: { url: string } }[]).map(async ({ payload: { url } }) => {
    const { file } = await receiveAttachment(call, 'image', { url });
    return shown(file);
  });
  return { attachments: await Promise.all(attachments) };
}

function templateContent(call: PageCall, payload: Record<string, unknown>): MessageContent {
  const { template_type: kind, elements } = payload;
  if (call.file) throw invalidParameter('A template cannot have filedata');
  if (kind !== 'media' || !Array.isArray(elements)) return { attachments: [], template: payload };
  const element = objectParam(elements[0], 'message[attachment][payload][elements][0]');
  return { attachments: mediaOf(call, element), template: payload };
}

/** A media template shows an image or a video, by the ID of an asset or by its address on Facebook. */
function mediaOf({ platform, page }: PageCall, element: Record<string, unknown>): ThreadAttachment[] {
  const { media_type: type, attachment_id: id, url } = element;
  if (type !== 'image' && type !== 'video') {
    throw invalidParameter('Param media_type of a media template must be one of {IMAGE, VIDEO}');
  }
  if ((id === undefined) === (url === undefined)) {
    throw invalidParameter('An element of a media template must have one of attachment_id and url');
  }
  if (id !== undefined) {
    const { file, attachmentId } = useAsset(platform, page, type, id);
    return [shown(file, attachmentId)];
  }
  if (!isFacebookUrl(url)) {
    throw invalidParameter(
      'Param url of a media template must be a Facebook URL; use attachment_id for others',
    );
  }
  return []; // The file is on Facebook, which is not here.
}

function hasAttachment({ attachment, attachments }: Record<string, unknown>): boolean {
  return !isAbsent(attachment) || !isAbsent(attachments);
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}

function isFacebookUrl(url: unknown): boolean {
  if (typeof url !== 'string' || !URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' && /(^|\.)facebook\.com$/.test(hostname);
}

function shown(file: StoredFile, attachmentId?: string): ThreadAttachment {
  const url = `/_sim/content/${file.sha256}?type=${encodeURIComponent(file.contentType)}`;
  return { ...file, ...(attachmentId !== undefined && { attachmentId }), url };
}

function recorded(from: Record<string, unknown>, names: string[]): Record<string, unknown> {
  return Object.fromEntries(
    names.filter((name) => from[name] !== undefined && from[name] !== null).map((name) => [name, from[name]]),
  );
}
