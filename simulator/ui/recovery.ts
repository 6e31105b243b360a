import { type CallOutline } from '../control/call-outline';

/** How a bot got over a dead ID, call by call; steps that have not come yet are left out. */
export interface Recovery {
  /** What the attachment is, whatever its ID. */
  key: string;
  name: string;
  deadId: string;
  refused: number;
  refusals: number;
  oneStep?: number;
  renewal?: number;
  newId?: string;
  next?: number;
}

export type Step = 'refused' | 'one step' | 'renewed' | 'new ID';

/** Reads recoveries out of calls in order, the youngest last. */
export function findRecoveries(calls: readonly CallOutline[]): Recovery[] {
  const recoveries: Recovery[] = [];
  const current = new Map<string, Recovery>();
  for (const call of calls) {
    const { asset, attachmentId = '' } = call;
    if (!asset) continue;
    const recovery = current.get(asset.key);
    if (call.subcode === 2018074) {
      if (recovery?.deadId === attachmentId) {
        recovery.refusals += 1;
        continue;
      }
      const begun = { ...asset, deadId: attachmentId, refused: call.n, refusals: 1 };
      recoveries.push(begun);
      current.set(asset.key, begun);
    } else if (recovery && call.status === 200) {
      goOn(recovery, call);
    }
  }
  return recoveries;
}

function goOn(recovery: Recovery, { what, n, attachmentId }: CallOutline): void {
  if (what === 'send-file' || what === 'send-url') recovery.oneStep ??= n;
  const isUpload = what === 'upload-file' || what === 'upload-url';
  const isSaved = attachmentId !== undefined && (isUpload || recovery.oneStep === n);
  if (isSaved && recovery.renewal === undefined) {
    recovery.renewal = n;
    recovery.newId = attachmentId;
    return;
  }
  const isById = what === 'send-id' || what === 'send-template';
  if (isById && attachmentId !== undefined && attachmentId !== recovery.deadId) recovery.next ??= n;
}

/** Which calls are steps of a recovery. */
export function stepsByCall(recoveries: readonly Recovery[]): Map<number, Step> {
  const steps = new Map<number, Step>();
  for (const { refused, oneStep, renewal, next } of recoveries) {
    steps.set(refused, 'refused');
    if (renewal !== undefined) steps.set(renewal, 'renewed');
    if (oneStep !== undefined) steps.set(oneStep, 'one step');
    if (next !== undefined) steps.set(next, 'new ID');
  }
  return steps;
}
