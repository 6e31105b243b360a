const PATHS = {
  send: 'M3 11.200 20.500 3.500c.6-.3 1.200.4.900 1L13.800 21c-.3.600-1.200.500-1.400-.1L10.300 14 3.100 12.300c-.600-.1-.700-.9-.1-1.100Z',
  file: 'M7 2.500h7l5 5V20a1.500 1.500 0 0 1-1.500 1.500h-10.500A1.500 1.500 0 0 1 5.500 20V4A1.500 1.500 0 0 1 7 2.500Zm6.500 1.500v4h4',
  up: 'M12 20V5m-6 6 6-6 6 6',
  id: 'M4 7.500 12 3l8 4.500v9L12 21l-8-4.500v-9Zm0 0 8 4.500 8-4.500M12 12v9',
  audio:
    'M9 18V6l10-2v12M9 18a2.500 2.500 0 1 1-5 0 2.500 2.500 0 0 1 5 0Zm10-2a2.500 2.500 0 1 1-5 0 2.500 2.500 0 0 1 5 0Z',
  text: 'M5 5h14v10.500H11L6.500 19v-3.500H5V5Z',
  dots: 'M6 12h.01M12 12h.01M18 12h.01',
  chevron: 'm9 6 6 6-6 6',
  plus: 'M12 5v14M5 12h14',
  close: 'M6 6l12 12M18 6 6 18',
  check: 'm5 12.500 4.500 4.500L19 7.500',
  warn: 'M12 8v5m0 3.500v.01M12 3.500 2.500 20h19L12 3.500Z',
  clock: 'M12 7v5.500l3.500 2M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0Z',
} as const;

export type IconName = keyof typeof PATHS;

/** Decoration: what it means stands beside it. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg class={`icon icon-${name}`} viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
