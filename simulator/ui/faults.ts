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
  { name: 'Done, but the answer says 1/1357046', fault: { ...graphError(1, 1357046), accept: true } },
  { name: 'The connection is cut before it is done', fault: { reset: 'before' } },
  { name: 'The connection is cut after it was done', fault: { reset: 'after' } },
  { name: 'No answer ever', fault: { hang: true } },
];

export const TARGETS: readonly { name: string; match: object }[] = [
  { name: 'any call', match: {} },
  { name: 'any send', match: { path: '/messages$' } },
  { name: 'a send by ID', match: { purpose: 'send-id' } },
  { name: 'a send with the file', match: { purpose: 'send-file' } },
  { name: 'any upload', match: { path: '/message_attachments$' } },
];

function graphError(code: number, subcode?: number): object {
  return { error: { code, ...(subcode !== undefined && { subcode }) } };
}
