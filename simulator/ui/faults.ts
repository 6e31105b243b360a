import { type ShownFault } from '../control/event-model';

/** What can be made of the next call: bodies for `POST /_sim/faults`. */
export const FAULTS: readonly { name: string; fault: object }[] = [
  { name: '100/2018074 · invalid attachment ID', fault: graphError(100, 2018074) },
  { name: '100/2018008 · the URL cannot be fetched', fault: graphError(100, 2018008) },
  { name: '100/2018047 · upload failed, wrong type', fault: graphError(100, 2018047) },
  { name: '613 · too many calls', fault: graphError(613) },
  { name: '190 · the token has expired', fault: graphError(190) },
  { name: '10/2018278 · outside the 24 hours', fault: graphError(10, 2018278) },
  { name: '551/1545041 · the person is not available', fault: graphError(551, 1545041) },
  { name: '2 · temporarily unavailable', fault: { error: { code: 2, is_transient: true }, status: 500 } },
  { name: '503 with a page of HTML', fault: { status: 503, body: '<html>Service unavailable</html>' } },
  { name: 'Carried out, but answered with 1/1357046', fault: { ...graphError(1, 1357046), accept: true } },
  { name: 'Connection cut before the call is carried out', fault: { reset: 'before' } },
  { name: 'Connection cut after the call was carried out', fault: { reset: 'after' } },
  { name: 'No answer ever', fault: { hang: true } },
];

export const TARGETS: readonly { name: string; match: object }[] = [
  // First, as its error is: other calls have no ID that could be invalid.
  { name: 'a send by ID', match: { purpose: 'send-id' } },
  { name: 'any call', match: {} },
  { name: 'any send', match: { path: '/messages$' } },
  { name: 'a send with the file', match: { purpose: 'send-file' } },
  { name: 'any upload', match: { path: '/message_attachments$' } },
];

/** What `faultName` of the simulator says, for people. */
export function faultInWords(name: string): string {
  const [cause = '', ...more] = name.split(', ');
  const words = FAULT_WORDS[cause] ?? (cause.startsWith('error:') ? `error ${cause.slice(6)}` : cause);
  return more.length === 0 ? words : `${words}, although it was carried out`;
}

const FAULT_WORDS: Record<string, string> = {
  hang: 'no answer',
  'reset:before': 'the connection is cut before the call is carried out',
  'reset:during': 'the connection is cut while it is read',
  'reset:after': 'the connection is cut after the call was carried out',
  'reset:answer': 'the connection is cut in the middle of the answer',
  answer: 'another answer',
  drop: 'an answer without some of its fields',
  delay: 'a delay',
};

/** "The next call: no answer" */
export function pendingFault({ name, code, subcode, hits, left }: ShownFault): string {
  const error =
    code === undefined ? undefined : [code, subcode].filter((part) => part !== undefined).join('/');
  const what = faultInWords(
    error === undefined ? name : name.replace(`error:${code ?? ''}`, `error:${error}`),
  );
  const [one, several] = HIT_WORDS[hits] ?? [`call that matches ${hits}`, `calls that match ${hits}`];
  return `The next ${left === 1 ? one : `${left} ${several}`}: ${what}`;
}

const HIT_WORDS: Record<string, [one: string, several: string]> = {
  'any call': ['call', 'calls'],
  '/messages$': ['send', 'sends'],
  '/message_attachments$': ['upload', 'uploads'],
  'send-id': ['send by ID', 'sends by ID'],
  'send-file': ['send with the file', 'sends with the file'],
  'send-url': ['send from a URL', 'sends from a URL'],
  'send-text': ['send of text', 'sends of text'],
  'send-template': ['send of a template', 'sends of a template'],
  'upload-file': ['upload of a file', 'uploads of a file'],
  'upload-url': ['upload from a URL', 'uploads from a URL'],
};

function graphError(code: number, subcode?: number): object {
  return { error: { code, ...(subcode !== undefined && { subcode }) } };
}
