import { type ThreadOutline } from '../control/event-model';
import { type ThreadMessage } from '../platform/model';
import * as format from './format';
import { Icon } from './icons';
import { go, opens, route } from './route';
import { page, pages, people, status, threads } from './store';
import { summaryOf } from './summary';
import { unreadOf } from './unread';

/** More are a matter of the control API. */
const MAX_PEOPLE = 50;
const MAX_UNREAD = 99;

export function PageChoice() {
  return (
    <label class="choice">
      <span class="hidden">Page</span>
      <select
        value={page.value?.id ?? ''}
        onChange={({ currentTarget }) => {
          go({ page: currentTarget.value });
        }}
      >
        {pages.value.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Who writes to the page. */
export function People() {
  const own = [...threads.value.values()].filter((thread) => thread.page === page.value?.id);
  own.sort((a, b) => (b.last?.at ?? 0) - (a.last?.at ?? 0));
  const { user } = route.value;
  const shown = own.slice(0, MAX_PEOPLE).map((thread) => thread.user);
  if (!shown.includes(user)) shown.unshift(user);
  for (const id of people.value.keys()) {
    if (!shown.includes(id) && shown.length < MAX_PEOPLE) shown.push(id);
  }
  const byUser = new Map(own.map((thread) => [thread.user, thread]));
  const hidden = (status.value?.threadCount ?? 0) - threads.value.size;
  return (
    <nav class="people" aria-label="People">
      <ul>
        {shown.map((id) => (
          <Person key={id} user={id} thread={byUser.get(id)} />
        ))}
      </ul>
      {hidden > 0 && <p class="note">And {format.plural(hidden, 'older thread')}.</p>}
      <button type="button" class="quiet new-person" onClick={openNewPerson}>
        <Icon name="plus" />
        New person
      </button>
    </nav>
  );
}

function Person({ user, thread }: { user: string; thread: ThreadOutline | undefined }) {
  const isOpen = user === route.value.user;
  const unread = thread ? unreadOf(thread) : 0;
  return (
    <li>
      <a
        class={unread > 0 ? 'person is-unread' : 'person'}
        aria-current={isOpen ? 'true' : undefined}
        {...opens({ user })}
      >
        <Avatar user={user} />
        <span class="name">{nameOf(user)}</span>
        <span class="last">{thread?.typing ? 'typing…' : preview(thread?.last)}</span>
        {unread > 0 && (
          <span class="unread">
            {unread > MAX_UNREAD ? `${MAX_UNREAD}+` : unread}
            <span class="hidden"> new</span>
          </span>
        )}
      </a>
    </li>
  );
}

/** A part of a number would read as another person's. */
export function Avatar({ user }: { user: string }) {
  const known = people.value.get(user);
  if (known?.hasPicture) return <img class="avatar" src={`/_sim/people/${user}/picture`} alt="" />;
  const initials = known ? initialsOf(known.name) : user.length > 4 ? `…${user.slice(-2)}` : user;
  return (
    <span
      class={`avatar hue-${Number(user.slice(-3)) % 6} ${initials.length > 2 ? 'is-long' : ''}`}
      aria-hidden="true"
    >
      <span>{initials}</span>
    </span>
  );
}

export function initialsOf(name: string): string {
  const words = name.trim().split(/\s+/);
  return [words[0], words.length > 1 ? words.at(-1) : '']
    .map((word) => Array.from(word ?? '')[0] ?? '')
    .join('');
}

/** As the Graph API names them; of a long ID, the end, which a word joiner keeps on the line of its "…". */
export function nameOf(user: string): string {
  const known = people.value.get(user);
  if (known) return known.name;
  return `Test User ${user.length > 6 ? `…\u2060${user.slice(-6)}` : user}`;
}

/** Where there is no room for the list. */
export function PersonChoice() {
  const { user } = route.value;
  const known = [...threads.value.values()].filter((thread) => thread.page === page.value?.id);
  const users = [...new Set([user, ...known.map((thread) => thread.user), ...people.value.keys()])];
  const unreadByUser = new Map(
    known.map((thread) => [thread.user, unreadOf(thread)] as const).filter(([, unread]) => unread > 0),
  );
  return (
    <div class="person-choice">
      {unreadByUser.size > 0 && <span class="dot" title="Other people have new messages" />}
      <label class="choice">
        <span class="hidden">Person</span>
        <select
          value={user}
          onChange={({ currentTarget }) => {
            go({ user: currentTarget.value });
          }}
        >
          {users.slice(0, MAX_PEOPLE).map((id) => (
            <option key={id} value={id}>
              {nameOf(id)}
              {unreadByUser.has(id) && ` · ${unreadByUser.get(id) ?? 0} new`}
            </option>
          ))}
        </select>
      </label>
      <button type="button" class="quiet" onClick={openNewPerson} aria-label="New person">
        <Icon name="plus" />
      </button>
    </div>
  );
}

function openNewPerson(): void {
  const ids = [route.value.user, ...Array.from(threads.value.values(), ({ user }) => user)];
  const short = ids.map(Number).filter((id) => id < 1e6);
  go({ user: String(Math.max(0, ...short) + 1), tab: 'chat' });
  document.getElementById('composer')?.focus();
}

function preview(message: ThreadMessage | undefined): string {
  if (!message) return 'No messages yet';
  const summary = summaryOf(message);
  return message.from === 'user' ? `You: ${summary}` : summary;
}
