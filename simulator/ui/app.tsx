import { Assets } from './assets';
import { Calls } from './calls';
import { Chat } from './chat';
import { Controls } from './controls';
import * as format from './format';
import { Stats } from './stats';
import { Icon } from './icons';
import { PageChoice, People } from './people';
import { opens, route, type Tab } from './route';
import { isConnected, page, status } from './store';

const NAMES: Record<Tab, string> = { chat: 'Chat', calls: 'Calls', assets: 'Assets', controls: 'Controls' };

export function App() {
  const { tab } = route.value;
  return (
    <div class={`app shows-${tab}`}>
      <a class="skip" href="#composer">
        Skip to the message field
      </a>
      <header class="bar">
        <img src="/_sim/ui/icon.svg" alt="" width="28" height="28" />
        <h1>
          Messenger <span>simulated</span>
        </h1>
        <PageChoice />
        <Clock />
        <Connection />
      </header>
      <main class="rooms">
        <People />
        {page.value ? <Chat /> : <section class="chat" />}
        <section class="side" aria-label="What went over the wire">
          <nav class="tabs" aria-label="Views">
            {Object.entries(NAMES).map(([name, label]) => (
              <TabLink key={name} tab={name as Tab} label={label} />
            ))}
          </nav>
          <Stats />
          {(tab === 'calls' || tab === 'chat') && <Calls />}
          {tab === 'assets' && <Assets />}
          {tab === 'controls' && <Controls />}
        </section>
      </main>
    </div>
  );
}

/** Beside the chat, where there is room, calls are shown as long as nothing else is asked for. */
function TabLink({ tab, label }: { tab: Tab; label: string }) {
  const isOpen = route.value.tab === tab;
  const isBesideChat = tab === 'calls' && route.value.tab === 'chat';
  const kind = isOpen ? 'open' : isBesideChat ? 'beside' : '';
  return (
    <a
      class={`tab tab-${tab} ${kind}`}
      aria-current={isOpen || isBesideChat ? 'page' : undefined}
      {...opens({ tab })}
    >
      {label}
      {tab === 'controls' && (status.value?.faults.length ?? 0) > 0 && (
        <span class="dot" title="A fault is waiting" />
      )}
    </a>
  );
}

function Clock() {
  const clock = status.value?.clock;
  if (!clock) return null;
  return (
    <p
      class="clock"
      title={
        clock.advancedDays > 0
          ? `The simulator’s clock: ${format.plural(clock.advancedDays, 'day')} ahead of yours, see Controls`
          : 'The simulator’s clock'
      }
    >
      <Icon name="clock" />
      <span class="hidden">The simulator’s clock: </span>
      <span class={clock.advancedDays > 0 ? 'date is-ahead' : 'date'}>{format.day(clock.now)}</span>
      {clock.advancedDays > 0 && (
        <b>
          +{format.plural(clock.advancedDays, 'day')}
          <span class="hidden"> ahead of yours</span>
        </b>
      )}
    </p>
  );
}

function Connection() {
  return (
    <p class={isConnected.value ? 'connection is-live' : 'connection'} role="status">
      {isConnected.value ? 'Live' : 'Reconnecting…'}
    </p>
  );
}
