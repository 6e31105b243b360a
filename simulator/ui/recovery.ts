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
  /** The send by which the refused ID has turned out to be alive. */
  sameId?: number;
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
      if (recovery?.deadId === attachmentId && recovery.sameId === undefined) {
        recovery.refusals += 1;
        continue;
      }
      const begun = { ...asset, deadId: attachmentId, refused: call.number, refusals: 1 };
      recoveries.push(begun);
      current.set(asset.key, begun);
    } else if (recovery && call.status === 200) {
      goOn(recovery, call);
    }
  }
  return recoveries;
}

function goOn(recovery: Recovery, { purpose, number, attachmentId }: CallOutline): void {
  if (purpose === 'send-file' || purpose === 'send-url') recovery.oneStep ??= number;
  const isUpload = purpose === 'upload-file' || purpose === 'upload-url';
  const isSaved = attachmentId !== undefined && (isUpload || recovery.oneStep === number);
  if (isSaved && recovery.renewal === undefined) {
    recovery.renewal = number;
    recovery.newId = attachmentId;
    return;
  }
  const isById = purpose === 'send-id' || purpose === 'send-template';
  if (!isById || attachmentId === undefined) return;
  if (attachmentId !== recovery.deadId) recovery.next ??= number;
  else if (recovery.renewal === undefined) recovery.sameId ??= number;
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
