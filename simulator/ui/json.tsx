const TOKENS = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(true|false|null)\b|(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)/gi;
const MAX_SHOWN = 20_000;

/** JSON in colour, as text: nothing in it can become anything else. */
export function Json({ value, label }: { value: unknown; label: string }) {
  const text = typeof value === 'string' ? value : (JSON.stringify(value, null, 2) as string | undefined);
  if (text === undefined || text === '') return <p class="nothing">Nothing</p>;
  const shown = text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}\n…` : text;
  return (
    <pre class="json" tabIndex={0} role="region" aria-label={label}>
      {typeof value === 'string' ? shown : coloured(shown)}
    </pre>
  );
}

function coloured(text: string) {
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(TOKENS)) {
    const [all, quoted, colon, word] = match;
    parts.push(text.slice(end, match.index));
    const kind = quoted === undefined ? (word === undefined ? 'number' : 'word') : colon ? 'key' : 'string';
    parts.push(<span class={`json-${kind}`}>{all}</span>);
    end = match.index + all.length;
  }
  return [...parts, text.slice(end)];
}
