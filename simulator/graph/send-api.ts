import { isTrue, type PageCall, receiveAttachment, useAsset } from './attachments';
import { emptyMessage, invalidParameter, outsideWindow, threadControlled } from './errors';
import { objectParam } from './params';
import { type RateClass } from './rate-limits';
import { recipientOf, useOnce } from './recipients';
import {
  checkContent,
  checkMessage,
  checkMessagingType,
  checkReaction,
  checkReplyTo,
  isAbsent,
  type Message,
  type Reaction,
} from './send-schema';
import { type Page, threadAttachment, type ThreadAttachment, type ThreadMessage } from '../platform/model';
import { type Platform } from '../platform/platform';
import { HUMAN_AGENT_WINDOW, STANDARD_WINDOW } from '../platform/windows';

interface SendAnswer {
  recipient_id?: string;
  message_id?: string;
  attachment_id?: string;
}

type MessageContent = Pick<ThreadMessage, 'attachments' | 'template'> & { savedAs?: string };

/** Send API: `POST /<page>/messages`. */
export async function sendMessage(call: PageCall): Promise<SendAnswer> {
  const { platform, page, params } = call;
  const recipient = recipientOf(platform, page, params['recipient']);
  const { user } = recipient;
  if (params['sender_action'] !== undefined) return performSenderAction(call, user);

  if (params['message'] === undefined) throw emptyMessage();
  const message = checkMessage(params['message'], call.rules);
  checkContent(message);
  checkMessagingType(params);
  const repliesTo = checkReplyTo(params['reply_to']);
  if (recipient.hasWindow && !message.template) checkWindow(call, user);
  if (platform.ownerOf(page, user) !== undefined) throw threadControlled();
  call.limits.take(page, rateClassOf(message));
  const { savedAs, ...content } = await contentOf(call, message);
  useOnce(platform, page, recipient);
  const persona = page.personas.get(String(params['persona_id']));
  const { mid } = platform.addMessage(page, user, {
    from: 'page',
    ...recorded(message, ['text', 'quick_replies', 'sticker_id']),
    // What a person sees whose name the page may not use.
    ...(message.dynamic_text && { text: message.dynamic_text.fallback_text }),
    ...content,
    // reference/send-api: a string, which the echo carries.
    ...(typeof message.metadata === 'string' && { metadata: message.metadata }),
    ...recorded(params, ['messaging_type', 'tag', 'notification_type', 'persona_id']),
    ...(persona && { persona: { name: persona.name, profile_picture_url: persona.profile_picture_url } }),
    ...(repliesTo !== undefined && { reply_to: repliesTo }),
  });
  return {
    ...(recipient.isNamed && { recipient_id: user }),
    message_id: mid,
    ...(savedAs !== undefined && { attachment_id: savedAs }),
  };
}

function rateClassOf({ attachment }: Message): RateClass {
  if (attachment?.type === 'template') return showsVideo(attachment.payload) ? 'media' : 'other';
  return attachment?.type === 'audio' || attachment?.type === 'video' ? 'media' : 'other';
}

function showsVideo(payload: Template): boolean {
  return payload.template_type === 'media' && payload.elements[0]?.media_type === 'video';
}

/**
 * policy/policy-overview: messages within 24 hours of the person's last one; with the tag HUMAN_AGENT, within 7 days.
 * No messaging type stands for RESPONSE. Sender actions are not messages, and utility messages may go at any time.
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
  if (action === 'react' || action === 'unreact') {
    react(platform, page, user, checkReaction(action, params['payload']));
  } else if (action === 'mark_seen' || action === 'typing_on' || action === 'typing_off') {
    platform.applySenderAction(page, user, action);
  } else {
    throw invalidParameter(
      'Param sender_action must be one of {MARK_SEEN, TYPING_ON, TYPING_OFF, REACT, UNREACT}',
    );
  }
  return { recipient_id: user };
}

function react(platform: Platform, page: Page, user: string, { message_id: mid, reaction }: Reaction): void {
  const isThere = platform.changeMessage(page, user, mid, (message) => {
    if (reaction === undefined) delete message.reaction;
    else message.reaction = reaction;
  });
  if (!isThere) {
    throw invalidParameter('Param payload[message_id] must be the ID of a message of this conversation');
  }
}

async function contentOf(call: PageCall, message: Message): Promise<MessageContent> {
  const { attachment, attachments, template } = message;
  if (attachments) return imagesContent(call, attachments);
  if (attachment?.type === 'template') return templateContent(call, attachment.payload);
  if (attachment) return mediaContent(call, attachment);
  if (call.file) throw invalidParameter('The parameter message[attachment] is required beside filedata');
  return { attachments: [], ...(template && { template }) };
}

type Attachment = NonNullable<Message['attachment']>;
type Media = Exclude<Attachment, { type: 'template' }>;
type Template = Extract<Attachment, { type: 'template' }>['payload'];

async function mediaContent(call: PageCall, { type, payload }: Media): Promise<MessageContent> {
  const { file, attachmentId, url } = await receiveAttachment(call, type, payload);
  if (attachmentId !== undefined || !isTrue(payload.is_reusable)) {
    return { attachments: [threadAttachment(file, attachmentId)] };
  }
  const asset = call.platform.save(call.page, file, { via: 'send', url });
  return { attachments: [threadAttachment(file, asset.id)], savedAs: asset.id };
}

async function imagesContent(
  call: PageCall,
  images: NonNullable<Message['attachments']>,
): Promise<MessageContent> {
  const attachments = images.map(async ({ payload }) => {
    const { file, attachmentId } = await receiveAttachment(call, 'image', payload);
    return threadAttachment(file, attachmentId);
  });
  return { attachments: await Promise.all(attachments) };
}

function templateContent(call: PageCall, payload: Template): MessageContent {
  if (call.file) throw invalidParameter('A template cannot have filedata');
  if (payload.template_type !== 'media') return { attachments: [], template: payload };
  const element = objectParam(payload.elements[0], 'message[attachment][payload][elements][0]');
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
    return [threadAttachment(file, attachmentId)];
  }
  if (!isFacebookUrl(url)) {
    throw invalidParameter(
      'Param url of a media template must be a Facebook URL; use attachment_id for others',
    );
  }
  return []; // The file is on Facebook, which is not here.
}

function isFacebookUrl(url: unknown): boolean {
  if (typeof url !== 'string' || !URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' && /(^|\.)facebook\.com$/.test(hostname);
}

function recorded(from: Record<string, unknown>, names: string[]): Record<string, unknown> {
  return Object.fromEntries(names.filter((name) => !isAbsent(from[name])).map((name) => [name, from[name]]));
}
