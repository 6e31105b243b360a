import fastq from 'fastq';
import type { Attachment, AttachmentMessage } from '../message/builders';
import { findAttachmentSlots, type AttachmentSlot } from '../message/attachment-slots';
import { labelOf } from '../message/label';
import {
  abortSignal,
  checkArgument,
  isBoolean,
  isFunction,
  option,
  wholeNumber,
  type Reader,
  type Values,
} from '../base/check-options';
import { AttachmentError, toError, withAction, withContext } from '../base/errors';
import { isRecord } from '../base/records';
import { redact, withoutQuery } from '../base/redact';
import { warn } from '../base/warn';
import { findAssets } from '../source/find-assets';
import type { SavedId } from '../cache/saved-id';
import type { Asset, AttachmentType } from '../source/asset';

/** An attachment, a message with an attachment, or a path, folder, glob or web address. */
export type WarmAsset = Attachment | AttachmentMessage | string;

/** The result for one asset. */
export interface WarmResult {
  /** For logs: path or address, without query string or credentials. */
  readonly asset: string;
  readonly type: AttachmentType | undefined;
  /**
   * `uploaded`: it has a new ID. `known`: it already had one. `failed`: see `error`. `skipped`: the signal was aborted
   * first. `missing`: in a dry run, it has no ID, or its ID expires soon.
   */
  readonly outcome: 'uploaded' | 'known' | 'failed' | 'skipped' | 'missing';
  readonly attachmentId?: string;
  /** Size of the asset, if it is known. */
  readonly bytes?: number;
  readonly error?: Error;
}

/** The progress of `warm`. */
export interface WarmProgress {
  readonly done: number;
  readonly total: number;
  /** The result of the asset that has just been handled. */
  readonly result: WarmResult;
}

/**
 * Options of `warm`. Unknown names are refused.
 *
 * @example
 * const stop = new AbortController();
 * await cache.warm(['cats'], {
 *   signal: stop.signal,
 *   onProgress: ({ done, total, result }) => console.log(`${done}/${total} ${result.asset} ${result.outcome}`),
 * });
 */
export interface WarmOptions {
  /** The page's ID. Default: the only page that the adapters have an `access_token` for. */
  readonly page?: string;
  /** How many assets are handled at the same time. Default: `uploads.concurrency`. */
  readonly concurrency?: number;
  /** Called after each asset. If it throws or rejects, a warning is emitted once, and `warm` goes on. */
  readonly onProgress?: (progress: WarmProgress) => void;
  /**
   * Stops before the next asset, also while `warm` waits for the end of a rate limit. Uploads in progress are
   * completed, and the rest is `skipped`.
   */
  readonly signal?: AbortSignal;
  /** Uploads nothing: assets without an ID are `missing`. Default: false. */
  readonly dryRun?: boolean;
}

/** The results of all assets, with the number of each outcome. */
export interface WarmReport {
  /** In the order of the assets; files of a folder or glob are sorted by name. */
  readonly results: readonly WarmResult[];
  readonly uploaded: number;
  readonly known: number;
  readonly failed: number;
  readonly skipped: number;
  readonly missing: number;
  /** The size of all content that was uploaded from here. Facebook fetches web addresses itself. */
  readonly bytesUploaded: number;
}

/** The options of `warm` for one page. Each: its check and its default. */
export const WARM_OPTIONS = {
  concurrency: wholeNumber(undefined),
  onProgress: option('a function', isOnProgress, undefined),
  signal: abortSignal,
  dryRun: option('a boolean', isBoolean, false),
} satisfies { [Name in Exclude<keyof WarmOptions, 'page'>]: Reader<WarmOptions[Name]> };

/** The checked options with their defaults. */
export type CheckedWarmOptions = Values<typeof WARM_OPTIONS>;

export interface WarmAllOptions extends Partial<Pick<CheckedWarmOptions, 'onProgress' | 'signal'>> {
  readonly page?: string;
  readonly root: string | undefined;
  readonly concurrency: number;
}

/** How one attachment comes by its ID. */
export type WarmOne = (slot: AttachmentSlot) => Promise<WarmResult>;

/** An asset that was named, or why none was found under that name. */
type Item = { readonly label: string; readonly slot: AttachmentSlot } | { readonly failure: WarmResult };

/** Warms all of them, some at a time. One that fails does not stop the others. */
export async function warmAll(
  assets: Iterable<WarmAsset>,
  warmOne: WarmOne,
  { page, root, concurrency, onProgress, signal }: WarmAllOptions,
): Promise<WarmReport> {
  // A string alone is one asset, and not the letters in it.
  const named = typeof assets === 'string' ? [assets] : [...assets];
  const items = (await Promise.all(named.map((asset) => toItems(asset, root)))).flat();
  const reportProgress = progressReporter(items.length, onProgress);
  const queue = fastq.promise(async (item: Item): Promise<WarmResult> => {
    const result = ofPage(page, await warmItem(item, warmOne, signal));
    reportProgress(result);
    return result;
  }, concurrency);
  const results = await Promise.all(items.map((item) => queue.push(item)));
  const count = (outcome: WarmResult['outcome']): number =>
    results.filter((result) => result.outcome === outcome).length;
  return {
    results,
    uploaded: count('uploaded'),
    known: count('known'),
    failed: count('failed'),
    skipped: count('skipped'),
    missing: count('missing'),
    bytesUploaded: results.reduce(
      (sum, { outcome, bytes = 0 }) => sum + (outcome === 'uploaded' ? bytes : 0),
      0,
    ),
  };
}

/** @throws {TypeError} `ERR_ARGUMENT_INVALID`: these are no assets for `warm`. */
export function checkAssets(assets: unknown): void {
  const isIterable = typeof assets === 'object' && assets !== null && Symbol.iterator in assets;
  const expected = 'a list of attachments, messages, paths or web addresses';
  checkArgument('assets', expected, isIterable || typeof assets === 'string', assets);
}

/** @throws {TypeError} `ERR_ARGUMENT_INVALID`: this is no asset for `forget`. */
export function checkAsset(asset: unknown): void {
  const expected = 'an attachment, a message, a path, a web address or an entry of `list`';
  checkArgument('asset', expected, typeof asset === 'string' || isRecord(asset), asset);
}

/** As a failing listener does, a failing `onProgress` stops nothing. */
function progressReporter(
  total: number,
  onProgress: ((progress: WarmProgress) => unknown) | undefined,
): (result: WarmResult) => void {
  let done = 0;
  let hasFailed = false;
  // Also for an async function: its rejection would end the process.
  const report = async (progress: WarmProgress): Promise<void> => {
    await onProgress?.(progress);
  };
  return (result) => {
    report({ done: ++done, total, result }).catch((error: unknown) => {
      if (hasFailed) return;
      hasFailed = true;
      warn(`\`onProgress\` of \`warm\` failed: ${String(error)}`);
    });
  };
}

function isOnProgress(value: unknown): value is NonNullable<WarmOptions['onProgress']> {
  return isFunction(value);
}

function ofPage(page: string | undefined, result: WarmResult): WarmResult {
  if (!result.error) return result;
  const error = withContext(withAction(result.error, 'upload'), { page, recipient: undefined });
  return { ...result, error };
}

async function warmItem(item: Item, warmOne: WarmOne, signal: AbortSignal | undefined): Promise<WarmResult> {
  if ('failure' in item) return item.failure;
  const { label, slot } = item;
  const skipped = { asset: label, type: slot.type, outcome: 'skipped' } as const;
  if (signal?.aborted) return skipped;
  try {
    return await warmOne(slot);
  } catch (error) {
    if (signal?.aborted && error === signal.reason) return skipped;
    return failure(label, slot.type, error);
  }
}

async function toItems(asset: WarmAsset, root: string | undefined): Promise<Item[]> {
  try {
    const attachments = await toAttachments(asset, root);
    return attachments.map(slotOf).map((slot) => ({ label: labelOf(slot.type, slot.payload), slot }));
  } catch (error) {
    return [
      {
        failure: failure(
          typeof asset === 'string' ? withoutQuery(redact(asset)) : 'attachment',
          undefined,
          error,
        ),
      },
    ];
  }
}

/**
 * The attachments that are meant: of a string, all that it names.
 *
 * @throws {AttachmentError} A string names none.
 */
export async function toAttachments(asset: WarmAsset, root: string | undefined): Promise<Attachment[]> {
  if (typeof asset === 'string') return findAssets(asset, root);
  return ['attachment' in asset ? asset.attachment : asset];
}

/** The one slot of an attachment that can be uploaded. */
export function slotOf(attachment: Attachment): AttachmentSlot {
  const [slot] = findAttachmentSlots({ message: { attachment } }) ?? [];
  if (slot) return slot;
  throw new AttachmentError(
    'ERR_ATTACHMENT_BAD_SOURCE',
    'attachment',
    'it has no `url` or `filedata` to upload',
  );
}

/** What became of an asset that could be identified. */
export function toWarmResult(
  { type, label, bytes }: Asset,
  outcome: WarmResult['outcome'],
  saved?: SavedId,
): WarmResult {
  return {
    asset: label,
    type,
    outcome,
    ...(saved && { attachmentId: saved.id }),
    ...(bytes !== undefined && { bytes }),
  };
}

function failure(asset: string, type: AttachmentType | undefined, error: unknown): WarmResult {
  const cause = toError(error);
  const shown = (cause as { asset?: unknown }).asset;
  return { asset: typeof shown === 'string' ? shown : asset, type, outcome: 'failed', error: cause };
}
