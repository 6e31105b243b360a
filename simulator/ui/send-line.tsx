import * as format from './format';
import { Icon } from './icons';
import { opens } from './route';
import { type SendToShow } from './sends';
import { tick, type ShownCall } from './store';

/** In the chat: a send of which nothing else is to be seen there. Opens its call. */
export function SendLine({ send: { call, kind } }: { send: SendToShow }) {
  return (
    <a class={`send-line is-${kind}`} {...opens({ tab: 'calls', call: call.number })}>
      <Icon name={kind === 'waiting' ? 'clock' : 'warn'} />
      <span>
        {textOf(call, kind)}
        {kind === 'waiting' && <Waited call={call} />}
      </span>
      <span class="hidden">, open call {call.number}</span>
    </a>
  );
}

/** How long a call has waited so far. */
export function Waited({ call: { waitingSince = 0 } }: { call: ShownCall }) {
  return <>{format.waiting(tick.value - waitingSince)}</>;
}

function textOf(call: ShownCall, kind: SendToShow['kind']): string {
  const what = whatOf(call);
  const outcome = outcomeOf(call);
  switch (kind) {
    case 'waiting':
      return `The bot sends ${what}: no answer yet, `;
    case 'repeated':
      return `ID refused, sent again without it: ${what}, ${outcome}`;
    case 'unnoticed':
      return `It arrived, but the bot was told otherwise: ${outcome}`;
    case 'failed':
      if (call.purpose !== 'other') return `The bot could not send ${what}: ${outcome}`;
      return call.status > 0
        ? `The call was refused: ${outcome}`
        : `A send ended before it was read: ${outcome}`;
  }
}

function whatOf({ asset, attachmentId }: ShownCall): string {
  if (asset) return asset.name;
  return attachmentId === undefined ? 'a message' : `attachment ${attachmentId}`;
}

function outcomeOf(call: ShownCall): string {
  const outcome = format.outcome(call);
  return call.message === undefined ? outcome : `${outcome}: ${call.message}`;
}
