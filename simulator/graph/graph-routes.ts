import { createHmac } from 'node:crypto';
import { type PageCall, uploadAttachment } from './attachments';
import { type GraphCall } from '../platform/call-log';
import { conversationOf, conversations, messagesOf } from './conversations';
import { customLabel, customLabels, labelPerson, labelsOf } from './custom-labels';
import { invalidProof, invalidToken, missingProof, unknownObject, unknownPath } from './errors';
import { type GraphRequest } from './graph-request';
import { subscribedApps, threadControl, threadOwner, unlinkAccounts } from './page-settings';
import { persona, personas } from './personas';
import { messengerProfile, pageProfile, userProfile } from './profiles';
import { type Page } from '../platform/model';
import { type Platform } from '../platform/platform';
import { sendMessage } from './send-api';

type Parts = Pick<PageCall, 'platform' | 'fetchUrl' | 'rules' | 'limits'>;
type Body = Record<string, unknown>;

/** Carries a call out. Throws a `GraphError` for what the platform refuses. */
export async function answerRequest(parts: Parts, request: GraphRequest, call: GraphCall): Promise<Body> {
  const { platform } = parts;
  const page = authorise(platform, request);
  call.page = page.id;
  const { segments } = request;
  const [id, edge, ...rest] = segments;
  if (id === undefined || rest.length > 0) throw unknownPath(`/${segments.join('/')}`);
  if (id === 'me' || id === page.id)
    return answerForPage(parts, page, request, id, edge, call.kind === 'multipart');
  return answerForObject(platform, page, request, id, edge);
}

/** `/me` and its edges. */
async function answerForPage(
  parts: Parts,
  page: Page,
  { method, params, files }: GraphRequest,
  id: string,
  edge: string | undefined,
  isMultipart: boolean,
): Promise<Body> {
  const { platform } = parts;
  const file = files.get('filedata');
  const pageCall: PageCall = { ...parts, page, params, isMultipart, ...(file && { file }) };
  const post = async (answer: () => object | Promise<object>): Promise<Body> => {
    if (method !== 'POST') throw unknownObject(method, id);
    return { ...(await answer()) };
  };
  switch (edge) {
    case undefined:
      if (method !== 'GET') throw unknownObject(method, id);
      return pageProfile(platform, page, params);
    case 'messages':
      return post(() => sendMessage(pageCall));
    case 'message_attachments':
      return post(() => uploadAttachment(pageCall));
    case 'messenger_profile':
      return changesProfile(platform, page, method, () => messengerProfile(page, method, params));
    case 'personas':
      return personas(platform, page, method, params);
    case 'custom_labels':
      return customLabels(platform, page, method, params);
    case 'conversations':
      return conversations(platform, page, method, params);
    case 'subscribed_apps':
      return subscribedApps(page, method, params);
    case 'pass_thread_control':
    case 'take_thread_control':
    case 'request_thread_control':
    case 'release_thread_control':
      return post(() => threadControl(platform, page, edge, params));
    case 'thread_owner':
      return threadOwner(platform, page, params['recipient']);
    case 'unlink_accounts':
      return post(() => unlinkAccounts(platform, page, params));
    case 'secondary_receivers':
      return { data: [] };
    default:
      throw unknownPath(`/${edge}`);
  }
}

/** Those who show the profile are told of it. */
function changesProfile<T>(platform: Platform, page: Page, method: string, answer: () => T): T {
  const answered = answer();
  if (method !== 'GET') platform.emit('profile', page);
  return answered;
}

/** `/<something of the page>` and its edges. */
function answerForObject(
  platform: Platform,
  page: Page,
  { method, params }: GraphRequest,
  id: string,
  edge: string | undefined,
): Body {
  const [label, foundPersona] = [page.labels.get(id), page.personas.get(id)];
  if (label && edge === undefined) return customLabel(page, method, label);
  if (label && edge === 'label') return labelPerson(method, label, params);
  if (foundPersona && edge === undefined) return persona(page, method, foundPersona);
  const isReadable = method === 'GET';
  if (isReadable && /^t_\d+$/.test(id)) {
    if (edge === undefined) return conversationOf(platform, page, id, params['fields']);
    if (edge === 'messages') return messagesOf(platform, page, id, params['fields']);
  }
  if (edge !== undefined && !EDGES.includes(edge)) throw unknownPath(`/${edge}`);
  // Nor does this token see anything of another page, which is no person.
  if (!isReadable || platform.reachability(page, id) === 'unknown') throw unknownObject(method, id);
  if (edge === undefined) return userProfile(platform.people, id, params['fields']);
  if (edge === 'custom_labels') return labelsOf(page, id);
  throw unknownObject(method, id);
}

/** What something that is not the page could have, if it existed. */
const EDGES = ['messages', 'message_attachments', 'messenger_profile', 'custom_labels', 'label'];

function authorise(platform: Platform, { token, proof }: GraphRequest): Page {
  const page = token === undefined ? undefined : platform.pageOfToken(token);
  if (!page) throw invalidToken();
  checkProof(page, proof);
  return page;
}

/** A wrong proof is refused, whether one is required or not. */
function checkProof({ token, secret, requireProof }: Page, proof: string | undefined): void {
  if (secret === undefined) return;
  if (proof === undefined) {
    if (requireProof) throw missingProof();
  } else if (proof !== proofOf(token, secret)) throw invalidProof();
}

function proofOf(token: string, secret: string): string {
  return createHmac('sha256', secret).update(token).digest('hex');
}
