import assert from 'node:assert/strict';
import { OTHER_PAGE, PAGE, send, useSimulator } from './support';

describe('Each answer of the Graph API', () => {
  const simulator = useSimulator();
  const get = (path: string, token = PAGE.token) =>
    fetch(`${simulator().httpUrl}${path}`, { headers: { authorization: `Bearer ${token}` } });

  it('names the version that served it: one that has ended is served by the oldest', async () => {
    const served = async (path: string) => (await get(path)).headers.get('facebook-api-version');
    assert.equal(await served('/v25.0/me'), 'v25.0');
    assert.equal(await served('/v22.0/me'), 'v22.0');
    assert.equal(await served('/v3.2/me'), 'v21.0');
    assert.equal(await served('/me'), 'v21.0');
  });

  it('has a trace ID, that of its error if it is one', async () => {
    assert.match((await get('/v25.0/me')).headers.get('x-fb-trace-id') ?? '', /^\w{11}$/);
    const refused = await get('/v25.0/me', 'wrong');
    const { error } = (await refused.json()) as { error: { fbtrace_id: string } };
    assert.equal(refused.headers.get('x-fb-trace-id'), error.fbtrace_id);
  });

  it('says how much of its limits the page has used up, and nothing to a stranger', async () => {
    await send(simulator(), { text: 'Hello' });
    const { headers } = await get('/v25.0/me', OTHER_PAGE.token);
    assert.deepEqual(JSON.parse(headers.get('x-business-use-case-usage') ?? ''), {
      [OTHER_PAGE.id]: [
        {
          type: 'messenger',
          call_count: 0,
          total_cputime: 0,
          total_time: 0,
          estimated_time_to_regain_access: 0,
        },
      ],
    });
    assert.deepEqual(JSON.parse(headers.get('x-app-usage') ?? ''), {
      call_count: 0,
      total_cputime: 0,
      total_time: 0,
    });
    assert.equal((await get('/v25.0/me', 'wrong')).headers.get('x-business-use-case-usage'), null);
  });
});
