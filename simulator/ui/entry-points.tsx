import { say, type Said } from './say';
import { page } from './store';

interface Tappable {
  title: string;
  said: Said;
}

/** What the bot has set for a chat that is empty: ice breakers, or else Get started. */
export function EntryPoints() {
  return <Tappables label="Offered by the page" all={entryPoints()} />;
}

/** The persistent menu. Items that open a web page tell the bot nothing. */
export function Menu() {
  return <Tappables label="Menu" all={menuItems()} />;
}

export function hasMenu(): boolean {
  return menuItems().length > 0;
}

function Tappables({ label, all }: { label: string; all: Tappable[] }) {
  if (all.length === 0) return null;
  return (
    <div class="tappables" role="group" aria-label={label}>
      {all.map(({ title, said }, at) => (
        <button key={at} type="button" onClick={() => void say(said)}>
          {title}
        </button>
      ))}
    </div>
  );
}

/** messenger-profile-api/ice-breakers: they go before Get started. */
function entryPoints(): Tappable[] {
  const { ice_breakers: breakers, get_started: getStarted } = page.value?.profile ?? {};
  const questions = list(breakers).some((one) => 'question' in one) ? list(breakers) : actionsOf(breakers);
  if (questions.length > 0) return questions.map((one) => tappable(one, 'question'));
  return isFields(getStarted) ? [tappable({ ...getStarted, title: 'Get Started' }, 'title')] : [];
}

function menuItems(): Tappable[] {
  const items = actionsOf(page.value?.profile['persistent_menu']);
  return items.filter(({ type }) => type === 'postback').map((item) => tappable(item, 'title'));
}

function tappable(item: Fields, name: string): Tappable {
  const title = String(item[name]);
  return { title, said: { text: title, payload: String(item['payload']), postback: true } };
}

type Fields = Record<string, unknown>;

function actionsOf(byLanguage: unknown): Fields[] {
  const all = list(byLanguage);
  const chosen = all.find(({ locale }) => locale === 'default') ?? all[0];
  return list(chosen?.['call_to_actions']);
}

function list(value: unknown): Fields[] {
  return Array.isArray(value) ? value.filter(isFields) : [];
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}
