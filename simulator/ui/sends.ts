import { computed } from '@preact/signals';
import { type CallPurpose } from '../platform/call-log';
import { route } from './route';
import { messages, page, shownCalls, thread, tick, type ShownCall } from './store';

/** A send that the chat would not show otherwise: nothing has arrived of it, or the bot believes so. */
export interface SendToShow {
  call: ShownCall;
  /**
   * `waiting`: it has no answer yet. `failed`: it did not arrive. `repeated`: the bot has sent the same again, and that
   * arrived. `unnoticed`: it arrived, but the bot was told that it did not.
   */
  kind: 'waiting' | 'failed' | 'repeated' | 'unnoticed';
}

const SENDS: readonly CallPurpose[] = [
  'send-id',
  'send-url',
  'send-file',
  'send-images',
  'send-template',
  'send-text',
  'send-sticker',
];

/** Milliseconds after which it is worth a line that a send waits. */
const LONG_WAIT = 1000;

/** Of the open thread, by the message that they follow; '' before the first one. */
export const sendsToShow = computed(() => {
  const shown = messages.value;
  const bySend = new Map<string, SendToShow[]>();
  if (shown.length === 0 && !shownCalls.value.some(isHere)) return bySend;
  const here = shownCalls.value.filter(isHere);
  const [first] = shown;
  const hasEarlier = (thread.value?.count ?? 0) > shown.length;
  for (const [at, call] of here.entries()) {
    // What the bot sends after that answers something else.
    const nextTurn =
      shown.find((message) => message.from === 'user' && message.at > call.time)?.at ?? Infinity;
    const sameTurn = here.slice(at + 1).filter(({ time }) => time < nextTurn);
    const kind = kindOf(call, sameTurn);
    // What came before the first message shown belongs to earlier ones, if there are any.
    if (!kind || (hasEarlier && first && call.time < first.at)) continue;
    const before = shown.findLast((message) => message.at <= call.time);
    const key = before?.mid ?? '';
    bySend.set(key, [...(bySend.get(key) ?? []), { call, kind }]);
  }
  return bySend;
});

/** A call that was not read, or not understood, tells neither purpose nor person: it may have been for this one. */
function isHere({ purpose, user, page: pageId, path }: ShownCall): boolean {
  if (purpose === 'other') return user === undefined && path.endsWith('/messages');
  if (!SENDS.includes(purpose) || user !== route.value.user) return false;
  return pageId === undefined || pageId === page.value?.id;
}

function kindOf(call: ShownCall, later: readonly ShownCall[]): SendToShow['kind'] | undefined {
  const { waitingSince, status, fault = '' } = call;
  if (waitingSince !== undefined) {
    return call.purpose !== 'other' && tick.value - waitingSince >= LONG_WAIT ? 'waiting' : undefined;
  }
  const isGood = status > 0 && status < 400;
  if (isGood) return fault === 'reset:answer' ? 'unnoticed' : undefined;
  if (fault.endsWith('accepted') || fault === 'reset:after') return 'unnoticed';
  return call.subcode === 2018074 && later.some((other) => isSentAgain(call, other)) ? 'repeated' : 'failed';
}

/** Only if it is certainly the same content: what an unknown ID stood for is not known. */
function isSentAgain({ asset }: ShownCall, { status, asset: sent }: ShownCall): boolean {
  return status === 200 && asset !== undefined && sent?.key === asset.key;
}
