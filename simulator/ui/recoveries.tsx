import { signal } from '@preact/signals';
import * as format from './format';
import { Icon } from './icons';
import { opens } from './route';
import { type Recovery } from './recovery';
import { calls, recoveries } from './store';

/** After so many further calls a recovery is history, whether its last step has come or not. */
const RECENT = 40;

/** Recoveries that were put away, by the call that was refused. */
const dismissed = signal<ReadonlySet<number>>(new Set());

/** Dead IDs, and how the bot gets over them, as it happens: the last one in full, the others in a list to open. */
export function Recoveries() {
  const lastCall = calls.value.at(-1)?.number ?? 0;
  const shown = recoveries.value.filter(({ refused }) => !dismissed.value.has(refused));
  const newest = shown.at(-1);
  const current = newest && lastCall - lastStepOf(newest) <= RECENT ? newest : undefined;
  const others = shown.filter((recovery) => recovery !== current).reverse();
  return (
    <>
      {current && <RecoveryCard recovery={current} />}
      {others.length > 0 && (
        <details class="recoveries">
          <summary>{format.plural(others.length, current ? 'earlier recovery' : 'recovery')}</summary>
          <ul>
            {others.map((recovery) => (
              <li key={recovery.refused}>
                <a {...opens({ tab: 'calls', call: recovery.refused })}>{recovery.name}</a>{' '}
                {resultOf(recovery)}
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

function RecoveryCard({ recovery }: { recovery: Recovery }) {
  const { name, deadId, refused, refusals } = recovery;
  return (
    <section class="recovery" aria-label={`Recovery of ${name}`}>
      <header>
        <h3>
          Recovery <span>{name}</span>
        </h3>
        <button
          type="button"
          class="quiet"
          aria-label={`Put the recovery of ${name} away`}
          onClick={() => (dismissed.value = new Set([...dismissed.value, refused]))}
        >
          <Icon name="close" />
        </button>
      </header>
      <ol>
        <RecoveryStep kind="refused" title="ID refused" call={refused}>
          …{deadId.slice(-6)}
          {refusals > 1 && `, ${refusals} times`}
        </RecoveryStep>
        {recovery.sameId === undefined ? (
          <Renewal recovery={recovery} />
        ) : (
          <RecoveryStep kind="new-ID" title="Same ID in use" call={recovery.sameId}>
            it was refused only for a time
          </RecoveryStep>
        )}
      </ol>
    </section>
  );
}

function Renewal({ recovery: { oneStep, renewal, newId = '', next } }: { recovery: Recovery }) {
  return (
    <>
      <RecoveryStep kind="one-step" title="Sent in one step" call={oneStep} hint="waits for the bot">
        it arrived
      </RecoveryStep>
      <RecoveryStep kind="renewed" title="ID renewed" call={renewal} hint="waits for the bot">
        …{newId.slice(-6)}
      </RecoveryStep>
      <RecoveryStep kind="new-ID" title="New ID in use" call={next} hint="with the next send">
        all is well
      </RecoveryStep>
    </>
  );
}

interface RecoveryStepProps {
  kind: string;
  title: string;
  call: number | undefined;
  /** What a step that has not come yet waits for. */
  hint?: string;
  children: preact.ComponentChildren;
}

function RecoveryStep({ kind, title, call, hint, children }: RecoveryStepProps) {
  if (call === undefined) {
    return (
      <li class="is-to-come">
        <b>{title}</b>
        <span>{hint}</span>
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

function lastStepOf({ refused, oneStep = 0, renewal = 0, next = 0, sameId = 0 }: Recovery): number {
  return Math.max(refused, oneStep, renewal, next, sameId);
}

function resultOf({ oneStep, renewal, next, sameId }: Recovery): string {
  if (sameId !== undefined) return 'refused only for a time';
  if (next !== undefined || renewal !== undefined) return 'recovered';
  return oneStep === undefined ? 'not sent since' : 'arrived, no new ID yet';
}
