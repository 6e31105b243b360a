import { AttachmentError } from '../base/errors';
import { isGiven, isRecord, without } from '../base/records';
import { didYouMean, findSimilarName } from '../base/similar-name';
import { labelOf } from './label';
import { ATTACHMENT_TYPES, isAttachmentType, type AttachmentType, type ReadyContent } from '../source/asset';
import type { GraphParams } from '../graph/request';
import type { SourcePayload } from '../source/sources';

/** A place in a message where an attachment stands that the platform cannot send as it is written. */
export interface AttachmentSlot {
  readonly type: AttachmentType;
  /** The attachment's payload, or the media template's element. */
  readonly payload: SourcePayload;
  /** Which element of a media template it is. Undefined: it is the message's attachment itself. */
  readonly element: number | undefined;
  /** False: the author asked that it is not saved. */
  readonly reusable: boolean;
}

/** The slots of one message, in its order. */
export type AttachmentSlots = readonly [AttachmentSlot, ...AttachmentSlot[]];

/** A slot, and the saved asset that is sent in its place. */
export interface SlotWithId {
  readonly slot: AttachmentSlot;
  readonly saved: {
    readonly id: string;
    readonly type: AttachmentType;
    /** What the platform knows it as, if that is another type. */
    readonly sentAs?: AttachmentType | undefined;
  };
}

/** A slot, and what goes into its place. */
interface Filling {
  readonly slot: AttachmentSlot;
  readonly type: AttachmentType;
  readonly content: Readonly<Record<string, unknown>>;
}

/** What the author wrote for us and not for the platform. */
const SOURCE_FIELDS = ['url', 'filedata', 'filename', 'is_reusable', 'attachment_id'] as const;

const WEB_ADDRESS = /^\s*https?:/i;

/**
 * The attachments of an outgoing message that need an ID, if there are any. An `attachment_id` that the author set,
 * Facebook's own addresses in media templates, other templates, unknown types and text are none.
 *
 * @throws {AttachmentError} `ERR_ATTACHMENT_BAD_SOURCE`: the attachment is malformed, or its type is misspelt.
 */
export function findAttachmentSlots(params: unknown): AttachmentSlots | undefined {
  const message = isRecord(params) ? params.message : undefined;
  const attachment = isRecord(message) ? message.attachment : undefined;
  if (attachment === undefined || attachment === null) return undefined;
  if (!isRecord(attachment))
    throw malformed('attachment', 'expected an object with `type` and `payload`', attachment);
  const { type, payload } = attachment;
  if (typeof type !== 'string') throw malformed('attachment', 'expected its `type` to be a string', type);
  if (type === 'template') return findTemplateSlots(payload);
  if (!isAttachmentType(type)) {
    refuseMisspelt(type, payload);
    return undefined;
  }
  if (!isRecord(payload))
    throw malformed(`${type} attachment`, 'expected its `payload` to be an object', payload);
  return hasOwnId(payload)
    ? undefined
    : [{ type, payload, element: undefined, reusable: isReusable(payload) }];
}

/**
 * The type that the author probably meant by an unknown one. Undefined: it is like none, or there is no content to
 * upload. Facebook knows more types (`template`, `fallback` …), and adds others.
 */
export function findMeantType(type: string, payload: unknown): string | undefined {
  if (!isRecord(payload) || !(isGiven(payload.url) || isGiven(payload.filedata))) return undefined;
  return findSimilarName(type, ATTACHMENT_TYPES);
}

/** The call with saved assets in the places of slots: what everyone sends who knows the IDs. */
export function withIds(params: GraphParams, resolved: readonly SlotWithId[]): GraphParams {
  return fill(
    params,
    resolved.map(({ slot, saved: { id, type, sentAs = type } }) => ({
      slot,
      type: sentAs,
      content: { attachment_id: id },
    })),
  );
}

/** The call that uploads and sends in one step; a file goes beside it. `save` asks for an ID in the answer. */
export function withContent(
  params: GraphParams,
  slot: AttachmentSlot,
  { type, content: { url } }: Pick<ReadyContent, 'type' | 'content'>,
  save: boolean,
): GraphParams {
  const inCall = { ...(url !== undefined && { url }), ...(save && { is_reusable: true }) };
  return fill(params, [{ slot, type, content: inCall }]);
}

/** Facebook would get the author's path as an address. */
function refuseMisspelt(type: string, payload: unknown): void {
  const meant = findMeantType(type, payload);
  if (meant === undefined) return;
  throw new AttachmentError(
    'ERR_ATTACHMENT_BAD_SOURCE',
    labelOf('attachment', payload),
    `its type is ${JSON.stringify(type)}${didYouMean(meant)}`,
  );
}

function findTemplateSlots(payload: unknown): AttachmentSlots | undefined {
  if (!isRecord(payload) || payload.template_type !== 'media' || !Array.isArray(payload.elements))
    return undefined;
  const [first, ...rest] = payload.elements.flatMap((element: unknown, index): AttachmentSlot[] => {
    if (!isRecord(element) || hasOwnId(element) || isFacebookAddress(element.url)) return [];
    const { media_type: type } = element;
    if (type === 'image' || type === 'video') {
      return [{ type, payload: element, element: index, reusable: isReusable(element) }];
    }
    throw malformed('media template', 'expected `media_type` to be image or video', type);
  });
  return first && [first, ...rest];
}

/** Copies what it changes, and nothing else: the author's objects may be sent again, or be frozen. */
function fill(params: GraphParams, fillings: readonly Filling[]): GraphParams {
  const { text, ...message } = params.message as Record<string, unknown>;
  const attachment = message.attachment as Record<string, unknown>;
  let { type, payload } = attachment;
  for (const { slot, type: sentAs, content } of fillings) {
    const filled = { ...without(slot.payload, SOURCE_FIELDS), ...content };
    if (slot.element === undefined) {
      type = sentAs;
      payload = filled;
    } else {
      payload = withElement(payload, slot.element, { ...filled, media_type: sentAs });
    }
  }
  // The adapter always sets `text`; the platform refuses an empty one beside an attachment.
  const kept = isGiven(text) && text !== '' ? { text } : {};
  return { ...params, message: { ...kept, ...message, attachment: { ...attachment, type, payload } } };
}

function withElement(payload: unknown, index: number, element: unknown): Record<string, unknown> {
  const { elements, ...rest } = payload as { elements: readonly unknown[] };
  return { ...rest, elements: elements.with(index, element) };
}

/** The author has an ID already. */
function hasOwnId({ attachment_id: id }: SourcePayload): boolean {
  return isGiven(id) && id !== '';
}

function isReusable(payload: SourcePayload): boolean {
  return payload.is_reusable !== false;
}

/** https://developers.facebook.com/docs/messenger-platform/send-messages/template/media#facebook_url */
function isFacebookAddress(url: unknown): boolean {
  const address = url instanceof URL ? url.href : url;
  // First, because it would take long to parse a data: URI of some megabytes.
  if (typeof address !== 'string' || !WEB_ADDRESS.test(address) || !URL.canParse(address)) return false;
  return /(^|\.)facebook\.com$/.test(new URL(address).hostname);
}

function malformed(what: string, expected: string, received: unknown): AttachmentError {
  const got = received === null ? 'null' : Array.isArray(received) ? 'an array' : typeof received;
  return new AttachmentError('ERR_ATTACHMENT_BAD_SOURCE', what, `${expected}, got ${got}`);
}
