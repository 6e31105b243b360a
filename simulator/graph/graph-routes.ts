import { createHmac } from 'node:crypto';
import { type PageCall, uploadAttachment } from './attachments';
import { type GraphCall } from '../platform/call-log';
import { invalidProof, invalidToken, unknownObject, unknownPath } from './errors';
import { type GraphRequest } from './graph-request';
import { messengerProfile, pageProfile, userProfile } from './profiles';
import { type Page } from '../platform/model';
import { type Platform } from '../platform/platform';
import { sendMessage } from './send-api';

/** Carries a call out. Throws a `GraphError` for what the platform refuses. */
export async function answerRequest(
  { platform, fetchUrl }: Pick<PageCall, 'platform' | 'fetchUrl'>,
  request: GraphRequest,
  call: GraphCall,
): Promise<Record<string, unknown>> {
  const page = authorise(platform, request);
  call.page = page.id;
  const { method, segments, params, file } = request;
  const [id, edge, ...rest] = segments;
  if (id === undefined || rest.length > 0) throw unknownPath(`/${segments.join('/')}`);

  const isOwn = id === 'me' || id === page.id;
  if (edge === undefined) {
    if (method !== 'GET') throw unknownObject(method, id);
    if (isOwn) return pageProfile(page, params['fields']);
    // Nor does this token see anything of another page, which is no person.
    if (platform.reachability(page, id) === 'unknown') throw unknownObject(method, id);
    return userProfile(id, params['fields']);
  }
  if (!['messages', 'message_attachments', 'messenger_profile'].includes(edge)) throw unknownPath(`/${edge}`);
  if (!isOwn) throw unknownObject(method, id);
  if (edge === 'messenger_profile') return messengerProfile(page, method, params);
  if (method !== 'POST') throw unknownObject(method, id);
  const pageCall: PageCall = { platform, page, params, fetchUrl, ...(file && { file }) };
  return { ...(await (edge === 'messages' ? sendMessage(pageCall) : uploadAttachment(pageCall))) };
}

function authorise(platform: Platform, { token, proof }: GraphRequest): Page {
  const page = token === undefined ? undefined : platform.pageOfToken(token);
  if (!page) throw invalidToken();
  if (page.secret !== undefined && proof !== proofOf(page.token, page.secret)) throw invalidProof();
  return page;
}

function proofOf(token: string, secret: string): string {
  return createHmac('sha256', secret).update(token).digest('hex');
}
