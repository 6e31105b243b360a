import { useSignal } from '@preact/signals';
import { memo } from 'preact/compat';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { type CallOutline } from '../control/call-outline';
import { type CallPurpose, type GraphCall } from '../platform/call-log';
import { get } from './api';
import { faultInWords } from './faults';
import * as format from './format';
import { Icon, type IconName } from './icons';
import { Json } from './json';
import { Recoveries } from './recoveries';
import { type Step } from './recovery';
import { go, opens, route } from './route';
import { Waited } from './send-line';
import { MAX_CALLS, shownCalls, snapshots, status, steps, type ShownCall } from './store';

/** What went over the wire, the last call first. */
export function Calls() {
  const { callCount = 0, waitingCount = 0 } = status.value ?? {};
  const shown = shownCalls.value.toReversed();
  const { call: open } = route.value;
  const isElsewhere = open !== undefined && callCount > 0 && !shown.some(({ number }) => number === open);
  return (
    <div class="panel">
      <h2 class="hidden">Graph API calls</h2>
      <Recoveries />
      {isElsewhere && <EarlierCall key={`${snapshots.value}:${open}`} number={open} />}
      {waitingCount > 0 && (
        <p class="note is-waiting" role="status">
          {format.plural(waitingCount, 'call')} without an answer yet
        </p>
      )}
      <div class="call-head" aria-hidden="true">
        <span class="call-time">Time</span>
        <span class="call-purpose">Call</span>
        <span class="call-figures">
          <span class="call-bytes">Bytes</span>
          <span class="call-took">Took</span>
        </span>
        <span class="outcome">Outcome</span>
      </div>
      {shown.length === 0 && (
        <p class="nothing">No call yet. Whatever the bot asks of the platform shows up here.</p>
      )}
      <ol class="calls" aria-label="Graph API calls, the last one first">
        {shown.map((call) => (
          <CallRow
            key={call.number}
            call={call}
            isOpen={call.number === route.value.call}
            step={steps.value.get(call.number)}
          />
        ))}
      </ol>
      {callCount > MAX_CALLS && (
        <p class="note">
          The last {MAX_CALLS} of {format.count(callCount)} calls. <a href="/_sim/calls">More</a>
        </p>
      )}
    </div>
  );
}

/** A call that the list no longer shows, or that is no longer kept. */
function EarlierCall({ number }: { number: number }) {
  const loaded = useSignal<CallOutline | undefined>(undefined);
  const isGone = useSignal(false);
  useEffect(() => {
    get<CallOutline>(`/calls/${number}`).then(
      (call) => (loaded.value = call),
      () => (isGone.value = true),
    );
  }, [number]);
  if (isGone.value) return <p class="note">Call {number} is no longer kept.</p>;
  if (!loaded.value) return null;
  return (
    <ol class="calls is-earlier" aria-label={`Call ${number}`}>
      <CallRow call={loaded.value} isOpen step={undefined} />
    </ol>
  );
}

interface CallRowProps {
  call: ShownCall;
  isOpen: boolean;
  step: Step | undefined;
}

const CallRow = memo(function CallRow({ call, isOpen, step }: CallRowProps) {
  const row = useRef<HTMLLIElement>(null);
  // The whole of it, or its beginning if it is higher than the panel.
  const reveal = () => row.current?.scrollIntoView({ block: 'nearest' });
  useEffect(() => {
    if (isOpen) reveal();
  }, [isOpen]);
  const isWaiting = call.waitingSince !== undefined;
  const isGood = call.status > 0 && call.status < 400 && !isCut(call);
  const id = `call-${call.number}`;
  return (
    <li ref={row} class={`call ${step ? `step-${step.replace(' ', '-')}` : ''} ${isOpen ? 'is-open' : ''}`}>
      <button
        type="button"
        class="call-line"
        aria-expanded={isOpen}
        aria-controls={isOpen ? id : undefined}
        onClick={() => {
          go({ call: isOpen ? undefined : call.number });
        }}
      >
        <span class="call-time">{format.clockTime(call.time)}</span>
        <span class="call-purpose">
          <Icon name={iconOf(call.purpose)} />
          <b>{format.purpose(call.purpose)}</b>
          {step && <strong class="step">{step}</strong>}
          {call.fault !== undefined && (
            <strong class="fault" title={`Fault: ${faultInWords(call.fault)}`}>
              fault
            </strong>
          )}
        </span>
        <span class="call-about">
          <em class={`kind is-${call.kind}`}>{call.kind === 'json' ? 'JSON' : call.kind}</em> {aboutOf(call)}
        </span>
        <span class="call-figures">
          <span class="call-bytes">{format.bytes(call.bytes)}</span>
          <span class="call-took">{isWaiting ? <Waited call={call} /> : format.milliseconds(call.ms)}</span>
        </span>
        <span class={`outcome ${isWaiting ? 'is-waiting' : isGood ? '' : 'is-bad'}`}>
          {isWaiting ? 'waiting' : format.outcome(call)}
        </span>
      </button>
      {isOpen && <CallDetail id={id} call={call} onShown={reveal} />}
    </li>
  );
});

interface CallDetailProps {
  id: string;
  call: ShownCall;
  /** Called when the request and the answer are there. */
  onShown: () => void;
}

function CallDetail({ id, call, onShown }: CallDetailProps) {
  const loaded = useSignal<GraphCall | undefined>(undefined);
  const problem = useSignal('');
  const isWaiting = call.waitingSince !== undefined;
  useEffect(() => {
    get<GraphCall>(`/calls/${call.number}`).then(
      (got) => (loaded.value = got),
      (error: unknown) => (problem.value = String(error)),
    );
  }, [call.number, isWaiting]);
  useLayoutEffect(() => {
    if (loaded.value) onShown();
  }, [loaded.value]);
  return (
    <div class="call-detail" id={id}>
      <p class="call-address">
        <code>
          {call.method} {call.path}
        </code>
        {call.user !== undefined && (
          <a {...opens({ user: call.user, page: call.page })}>to user {call.user}</a>
        )}
        {call.fault !== undefined && <strong class="fault">Fault: {faultInWords(call.fault)}</strong>}
      </p>
      {call.message !== undefined && <p class="problem">{call.message}</p>}
      {call.reason !== undefined && <p class="problem">{call.reason}</p>}
      {problem.value !== '' && <p class="problem">{problem.value}</p>}
      {loaded.value && (
        <>
          <h3>Request</h3>
          <Json value={loaded.value.body} label="Request" />
          <h3>
            Answer <span>{isWaiting ? 'not yet' : answerOf(call)}</span>
          </h3>
          <Json value={loaded.value.answer} label="Answer" />
        </>
      )}
    </div>
  );
}

/** What the purpose leaves open: which attachment, or else which path. */
function aboutOf({ asset, purpose, method, path }: ShownCall): string | undefined {
  if (asset) return asset.name;
  const shownPath = path.replace(/^\/v\d+\.\d+(?=\/)/, '');
  if (purpose === 'read') return shownPath;
  return purpose === 'other' ? `${method} ${shownPath}` : undefined;
}

function isCut({ fault }: ShownCall): boolean {
  return fault?.startsWith('reset') ?? false;
}

function answerOf(call: ShownCall): string {
  if (call.status > 0) return `HTTP ${call.status}${isCut(call) ? ', cut in the middle' : ''}`;
  if (isCut(call)) return 'none: the connection was cut';
  return `none: the connection was closed after ${format.milliseconds(call.ms)}`;
}

function iconOf(purpose: CallPurpose): IconName {
  if (purpose.startsWith('upload') || purpose === 'send-file' || purpose === 'send-url') return 'up';
  if (purpose === 'send-id' || purpose === 'send-template') return 'id';
  return purpose === 'send-text' ? 'text' : 'dots';
}
