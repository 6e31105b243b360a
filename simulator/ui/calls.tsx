import { useSignal } from '@preact/signals';
import { memo } from 'preact/compat';
import { useEffect, useRef } from 'preact/hooks';
import { type CallOutline } from '../control/call-outline';
import { type CallPurpose, type GraphCall } from '../platform/call-log';
import { get } from './api';
import * as format from './format';
import { Icon, type IconName } from './icons';
import { Json } from './json';
import { type Recovery, type Step } from './recovery';
import { go, opens, route } from './route';
import { calls, MAX_CALLS, recoveries, status, steps } from './store';

const SHOWN_RECOVERIES = 2;

/** What went over the wire, the last call first. */
export function Calls() {
  const { callCount = 0 } = status.value ?? {};
  const shown = calls.value.toReversed();
  return (
    <div class="panel">
      <h2 class="hidden">Graph API calls</h2>
      {recoveries.value
        .slice(-SHOWN_RECOVERIES)
        .reverse()
        .map((recovery) => (
          <RecoveryCard key={recovery.refused} recovery={recovery} />
        ))}
      <div class="call-head" aria-hidden="true">
        <span>Time</span>
        <span>Call</span>
        <span class="end">Bytes</span>
        <span class="end wide">Took</span>
        <span class="end">Outcome</span>
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

interface CallRowProps {
  call: CallOutline;
  isOpen: boolean;
  step: Step | undefined;
}

const CallRow = memo(function CallRow({ call, isOpen, step }: CallRowProps) {
  const row = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (isOpen) row.current?.scrollIntoView({ block: 'nearest' });
  }, [isOpen]);
  const isGood = call.status > 0 && call.status < 400;
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
          <span class="call-about">
            <em class={`kind is-${call.kind}`}>{call.kind === 'json' ? 'JSON' : call.kind}</em>
            {call.asset?.name}
          </span>
        </span>
        <span class="end">{format.bytes(call.bytes)}</span>
        <span class="end wide">{format.milliseconds(call.ms)}</span>
        <span class={`end outcome ${isGood ? '' : 'is-bad'}`}>{format.outcome(call)}</span>
      </button>
      {isOpen && <CallDetail id={id} call={call} />}
    </li>
  );
});

function CallDetail({ id, call }: { id: string; call: CallOutline }) {
  const loaded = useSignal<GraphCall | undefined>(undefined);
  const problem = useSignal('');
  useEffect(() => {
    get<GraphCall>(`/calls/${call.number}`).then(
      (got) => (loaded.value = got),
      (error: unknown) => (problem.value = String(error)),
    );
  }, [call.number]);
  return (
    <div class="call-detail" id={id}>
      <p class="call-address">
        <code>
          {call.method} {call.path}
        </code>
        {call.user !== undefined && (
          <a {...opens({ user: call.user, page: call.page })}>to user {call.user}</a>
        )}
        {call.fault !== undefined && <strong class="fault">fault: {call.fault}</strong>}
      </p>
      {call.message !== undefined && <p class="problem">{call.message}</p>}
      {problem.value !== '' && <p class="problem">{problem.value}</p>}
      {loaded.value && (
        <>
          <h3>Request</h3>
          <Json value={loaded.value.body} label="Request" />
          <h3>
            Answer <span>{call.status === 0 ? 'none' : `HTTP ${call.status}`}</span>
          </h3>
          <Json value={loaded.value.answer} label="Answer" />
        </>
      )}
    </div>
  );
}

/** A dead ID, and how the bot gets over it, as it happens. */
function RecoveryCard({ recovery }: { recovery: Recovery }) {
  const { name, deadId, refused, refusals, oneStep, renewal, newId = '', next } = recovery;
  return (
    <section class="recovery" aria-label={`Recovery of ${name}`}>
      <h3>
        Recovery <span>{name}</span>
      </h3>
      <ol>
        <RecoveryStep kind="refused" title="ID refused" call={refused}>
          …{deadId.slice(-6)}
          {refusals > 1 && `, ${refusals} times`}
        </RecoveryStep>
        <RecoveryStep kind="one-step" title="Sent in one step" call={oneStep}>
          it arrived
        </RecoveryStep>
        <RecoveryStep kind="renewed" title="ID renewed" call={renewal}>
          …{newId.slice(-6)}
        </RecoveryStep>
        <RecoveryStep kind="new-ID" title="New ID in use" call={next}>
          all is well
        </RecoveryStep>
      </ol>
    </section>
  );
}

interface RecoveryStepProps {
  kind: string;
  title: string;
  call: number | undefined;
  children: preact.ComponentChildren;
}

function RecoveryStep({ kind, title, call, children }: RecoveryStepProps) {
  if (call === undefined) {
    return (
      <li class="is-to-come">
        <b>{title}</b>
        <span>not yet</span>
      </li>
    );
  }
  return (
    <li class={`is-done step-${kind}`}>
      <a {...opens({ tab: 'calls', call })}>
        <b>{title}</b>
        <span>{children}</span>
      </a>
    </li>
  );
}

function iconOf(purpose: CallPurpose): IconName {
  if (purpose.startsWith('upload') || purpose === 'send-file' || purpose === 'send-url') return 'up';
  if (purpose === 'send-id' || purpose === 'send-template') return 'id';
  return purpose === 'send-text' ? 'text' : 'dots';
}
