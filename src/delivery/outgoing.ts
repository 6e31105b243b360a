import { maySendAgain } from '../graph/verdict';
import { withContent, type Slots } from '../message/attachment-slots';
import { retry } from '../graph/retry';
import type { GraphAnswer, GraphCall, GraphClient, GraphParams } from '../graph/client';
import type { Asset } from '../source/asset';

/** A call of the Send API with attachments that need an ID. */
export interface Outgoing {
  readonly graph: GraphClient;
  /** The page's ID, as far as the activity tells it. */
  readonly page: string | undefined;
  /** `/me/messages`, or with a page's ID. */
  readonly path: string;
  readonly params: GraphParams;
  readonly slots: Slots;
}

const PAGE_ID = /^\d+$/;

const SEND_ATTEMPTS = 3;

export function postContent(out: Outgoing, asset: Asset, { save }: { save: boolean }): Promise<GraphAnswer> {
  const { label, content } = asset;
  const call = { action: 'send', asset: label, lane: 'content', file: content.file } as const;
  return post(out, withContent(out.params, out.slots[0], content, save), call);
}

/** A send repeats itself only if no connection came up: then the platform has certainly not seen it. */
export function post({ graph, path }: Outgoing, params: GraphParams, call: GraphCall): Promise<GraphAnswer> {
  return retry(() => graph.post(path, params, call), { attempts: SEND_ATTEMPTS, mayTryAgain: maySendAgain });
}

/** IDs belong to one page. A page that the activity does not name is the one of the token. */
export function pageOf({ graph, page }: Outgoing): string | Promise<string> {
  return page !== undefined && PAGE_ID.test(page) ? page : graph.pageId();
}
