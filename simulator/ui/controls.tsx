import { type Clock } from '../platform/model';
import { useSignal, type Signal } from '@preact/signals';
import { callControlApi, lastRequest, post } from './api';
import { BotFolder } from './bot-folder';
import { FAULTS, pendingFault, TARGETS } from './faults';
import * as format from './format';
import { Group } from './group';
import { StartOver } from './start-over';
import { page, status } from './store';
import { route } from './route';

const STEPS = [
  { days: 1, meaning: 'IDs are a day older, and every 24-hour window closes' },
  {
    days: 83,
    meaning: 'IDs have 7 days left: a bot that refreshes them early does it now. Every 24-hour window closes',
  },
  { days: 91, meaning: 'all IDs have expired, and every 24-hour window closes' },
];
const DELAYS = [0, 300, 2_000, 10_000];

/** What a tester wants to do to the platform, the network and the bot. */
export function Controls() {
  const { clock, bot, webhook, delayMs = 0, unavailable = [] } = status.value ?? {};
  const isReachable = !unavailable.includes(`${page.value?.id ?? ''}:${route.value.user}`);
  return (
    <div class="panel-frame">
      <div class="panel controls">
        <Group name="Clock" hint={clock && clockHint(clock)}>
          <ul class="steps">
            {STEPS.map(({ days, meaning }) => (
              <li key={days}>
                <button
                  type="button"
                  aria-describedby={`days-${days}`}
                  onClick={() => void post('/clock', { advanceDays: days })}
                >
                  + {format.plural(days, 'day')}
                </button>
                <span id={`days-${days}`}>{meaning}</span>
              </li>
            ))}
          </ul>
        </Group>
        <Group
          name="Attachment IDs"
          hint="A revoked ID is refused with 100/2018074, as one that the page does not own."
        >
          <button type="button" class="danger" onClick={() => void post('/revoke', { all: true })}>
            Revoke all IDs
          </button>
        </Group>
        <FaultForm />
        <Group name="Network" hint="How long every call of the Graph API is kept waiting.">
          <div class="segments">
            {DELAYS.map((ms) => (
              <button
                key={ms}
                type="button"
                aria-pressed={delayMs === ms}
                onClick={() => void post('/network', { delayMs: ms })}
              >
                {ms === 0 ? 'Full speed' : ms < 1000 ? `${ms} ms` : `${ms / 1000} s`}
              </button>
            ))}
          </div>
        </Group>
        {bot?.store && (
          <Group name="The bot’s store" hint="Where the bot keeps its IDs.">
            <button
              type="button"
              role="switch"
              class="switch"
              aria-checked={bot.store === 'up'}
              onClick={() => void post('/bot/store', { up: bot.store === 'down' })}
            >
              {bot.store === 'up' ? 'The store is up' : 'The store is down'}
            </button>
          </Group>
        )}
        {bot?.assets && <BotFolder files={bot.assets} />}
        <Group
          name="This person"
          hint="To someone unreachable, sends are refused with 551/1545041; outside the 24-hour window with 10/2018278."
        >
          <div class="segments">
            {[true, false].map((available) => (
              <button
                key={String(available)}
                type="button"
                aria-pressed={available === isReachable}
                onClick={() =>
                  void post('/users', { page: page.value?.id, user: route.value.user, available })
                }
              >
                {available ? 'Reachable' : 'Unreachable'}
              </button>
            ))}
          </div>
          <button
            type="button"
            onClick={() => void post('/window', { page: page.value?.id, user: route.value.user })}
          >
            Open the 24-hour window
          </button>
        </Group>
        <Group
          name="Everything"
          hint={webhook === undefined ? 'No bot listens.' : `The bot listens at ${webhook}.`}
        >
          <button type="button" onClick={() => void callControlApi('DELETE', '/calls')}>
            Clear calls
          </button>
          <StartOver />
        </Group>
      </div>
      <LastRequest />
    </div>
  );
}

function clockHint({ now, advancedDays }: Clock): string {
  const ahead = advancedDays === 0 ? '' : `, ${format.plural(advancedDays, 'day')} ahead of yours`;
  return `It is ${format.day(now)} here${ahead}. It only moves forward; IDs live for 90 days.`;
}

interface ChoiceProps {
  label: string;
  among: readonly { name: string }[];
  /** Which of them, counted from 0. */
  chosen: Signal<number>;
}

function Choice({ label, among, chosen }: ChoiceProps) {
  return (
    <label>
      {label}
      <select
        value={chosen.value}
        onChange={({ currentTarget }) => (chosen.value = Number(currentTarget.value))}
      >
        {among.map(({ name }, at) => (
          <option key={name} value={at}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

function FaultForm() {
  const [fault, target, times] = [useSignal(0), useSignal(0), useSignal(1)];
  const pending = status.value?.faults ?? [];
  const arm = () => {
    const [chosen, hit] = [FAULTS[fault.value], TARGETS[target.value]];
    if (chosen && hit) void post('/faults', [{ ...chosen.fault, ...hit.match, times: times.value }]);
  };
  return (
    <Group name="The next call fails">
      <Choice label="What happens" among={FAULTS} chosen={fault} />
      <Choice label="To which call" among={TARGETS} chosen={target} />
      <label>
        How many times
        <input
          type="number"
          min={1}
          max={1000}
          value={times.value}
          onChange={({ currentTarget }) =>
            (times.value = Math.max(1, Math.round(currentTarget.valueAsNumber || 1)))
          }
        />
      </label>
      <button type="button" class="primary" onClick={arm}>
        Add fault
      </button>
      {pending.length > 0 && (
        <div class="pending">
          <ul aria-label="Faults that wait for their call">
            {pending.map((fault, at) => (
              <li key={at}>{pendingFault(fault)}</li>
            ))}
          </ul>
          <button type="button" class="quiet" onClick={() => void callControlApi('DELETE', '/faults')}>
            Clear faults
          </button>
        </div>
      )}
    </Group>
  );
}

/** Everything here can be done by the control API, too: this is how. */
function LastRequest() {
  const { request, problem } = lastRequest.value ?? {};
  if (request === undefined) return null;
  return (
    <div class="last-request" role="status">
      <code tabIndex={0}>{request}</code>
      {problem !== undefined && <p class="problem">{problem}</p>}
    </div>
  );
}
