import assert from 'node:assert/strict';
import { type Answer, assertError, call, OTHER_PAGE, PAGE, send, USER, useSimulator } from './support';

const url = 'https://example.com/1.jpg';

describe('Besides messages, a page has', () => {
  const simulator = useSimulator({ people: [{ id: USER, name: 'Ada Lovelace' }] });
  const ask = (path: string, body?: unknown, method?: string) =>
    call(simulator(), path, body, method === undefined ? {} : { method });
  const ok = async (answer: Promise<Answer>): Promise<Answer['body']> => {
    const { status, body } = await answer;
    assert.equal(status, 200, JSON.stringify(body));
    return body;
  };

  it('personas: it makes, reads and deletes them', async () => {
    const persona = { name: 'Tom', profile_picture_url: url };
    const { id } = await ok(ask('/me/personas', persona));
    assert.deepEqual(await ok(ask(`/${String(id)}`)), { id, ...persona });
    assert.deepEqual((await ok(ask('/me/personas')))['data'], [{ id, ...persona }]);
    assert.deepEqual(await ok(ask(`/${String(id)}`, undefined, 'DELETE')), { success: true });
    assert.deepEqual((await ok(ask('/me/personas')))['data'], []);
    assertError(
      await ask('/me/personas', { name: 'Tom' }),
      100,
      undefined,
      /profile_picture_url is required/,
    );
  });

  it('custom labels: it makes them, puts them on people and takes them off', async () => {
    const { id } = await ok(ask('/me/custom_labels', { page_label_name: 'cat person' }));
    await ok(ask(`/${String(id)}/label`, { user: USER }));
    const labels = async () => (await ok(ask(`/${USER}/custom_labels`)))['data'];
    assert.deepEqual(await labels(), [{ id, page_label_name: 'cat person', name: 'cat person' }]);
    await ok(ask(`/${String(id)}/label`, { user: USER }, 'DELETE'));
    assert.deepEqual(await labels(), []);
    await ok(ask(`/${String(id)}`, undefined, 'DELETE'));
    assert.deepEqual((await ok(ask('/me/custom_labels')))['data'], []);
    assertError(await ask('/me/custom_labels', {}), 100, undefined, /page_label_name is required/);
  });

  it('a messenger profile, whose fields have their types', async () => {
    const path = '/me/messenger_profile';
    await ok(ask(path, { get_started: { payload: 'START' }, greeting: [{ locale: 'default', text: 'Hi' }] }));
    const refused: [profile: object, wording: RegExp][] = [
      [{ persistent_menu: 5 }, /persistent_menu must be a list/],
      [{ greeting: 'Hi' }, /greeting must be a list/],
      [{ ice_breakers: {} }, /ice_breakers must be a list/],
      [{ get_started: {} }, /get_started\[payload\] is required/],
      [{ get_startd: { payload: 'START' } }, /Requires one of the params/],
    ];
    for (const [profile, wording] of refused) assertError(await ask(path, profile), 100, undefined, wording);
    for (const method of ['GET', 'DELETE']) {
      const unknown = await ask(`${path}?fields=get_startd`, undefined, method);
      assertError(unknown, 100, undefined, /Param fields must be one of/);
    }
    await ok(ask(`${path}?fields=greeting`, undefined, 'DELETE'));
    assert.deepEqual(await ok(ask(`${path}?fields=get_started,greeting`)), {
      data: [{ get_started: { payload: 'START' } }],
    });
  });

  it('a persistent menu only with Get Started', async () => {
    const path = '/me/messenger_profile';
    const persistent_menu = [{ locale: 'default', call_to_actions: [] }];
    const get_started = { payload: 'START' };
    const wording = /^\(#100\) You must set a Get Started button if you also wish to use persistent menu\.$/;
    assertError(await ask(path, { persistent_menu }), 100, 2018145, wording);
    assert.deepEqual(await ok(ask(`${path}?fields=persistent_menu`)), { data: [] });
    await ok(ask(path, { get_started }));
    await ok(ask(path, { persistent_menu }));
    await ok(ask(`${path}?fields=persistent_menu,get_started`, undefined, 'DELETE'));
    await ok(ask(path, { persistent_menu, get_started }));
  });

  it('subscribed apps', async () => {
    assert.deepEqual(await ok(ask('/me/subscribed_apps')), { data: [] });
    await ok(ask('/me/subscribed_apps', { subscribed_fields: 'messages,messaging_postbacks' }));
    const { data } = (await ok(ask('/me/subscribed_apps'))) as { data?: { subscribed_fields: string[] }[] };
    assert.deepEqual(data?.[0]?.subscribed_fields, ['messages', 'messaging_postbacks']);
    await ok(ask('/me/subscribed_apps', undefined, 'DELETE'));
    assert.deepEqual(await ok(ask('/me/subscribed_apps')), { data: [] });
    assertError(await ask('/me/subscribed_apps', {}), 100, undefined, /subscribed_fields/);
  });

  it('conversations of people by their names', async () => {
    await simulator().say({ page: PAGE.id, user: USER, text: 'Hi' });
    const { data } = (await ok(ask('/me/conversations?fields=participants'))) as {
      data?: { participants: { data: unknown[] } }[];
    };
    assert.deepEqual(data?.[0]?.participants.data, [
      { id: USER, name: 'Ada Lovelace' },
      { id: PAGE.id, name: `Page ${PAGE.id}` },
    ]);
  });

  it('conversations with their last messages', async () => {
    assert.deepEqual(await ok(ask('/me/conversations')), { data: [] });
    await simulator().say({ page: PAGE.id, user: USER, text: 'Hi' });
    await send(simulator(), { text: 'Hello' });
    const path = `/me/conversations?user_id=${USER}&fields=participants,messages{id,message,from}`;
    const { data } = (await ok(ask(path))) as { data?: Record<string, unknown>[] };
    const [conversation] = data ?? [];
    assert.equal(conversation?.['id'], `t_${USER}`);
    const messages = conversation['messages'] as { data: { message: string; from: { id: string } }[] };
    assert.deepEqual(
      messages.data.map(({ message, from }) => [message, from.id]),
      [
        ['Hello', PAGE.id],
        ['Hi', USER],
      ],
    );
    const alone = (await ok(ask(`/t_${USER}/messages?fields=message`))) as { data?: { message: string }[] };
    assert.deepEqual(
      alone.data?.map(({ message }) => message),
      ['Hello', 'Hi'],
    );
    assert.deepEqual(await ok(ask('/me/conversations?user_id=7')), { data: [] });
    assertError(await ask('/t_7'), 100, 33);
  });

  it('thread control, which the app can pass on and take back', async () => {
    const recipient = { id: USER };
    for (const edge of ['pass', 'take', 'request', 'release']) {
      const body = { recipient, target_app_id: '1', metadata: 'x' };
      assert.deepEqual(await ok(ask(`/me/${edge}_thread_control`, body)), { success: true });
    }
    assertError(await ask('/me/pass_thread_control', { recipient }), 100, undefined, /target_app_id/);
    const owner = async () => JSON.stringify(await ok(ask(`/me/thread_owner?recipient=${USER}`)));
    const own = await owner();
    assert.match(own, /"app_id":"\d+"/);
    await ok(ask('/me/pass_thread_control', { recipient, target_app_id: 263902037430900 }));
    assert.match(await owner(), /"app_id":"263902037430900"/);
    assertError(await send(simulator(), { text: 'Hello' }), 10, 2018300);
    await ok(ask('/me/take_thread_control', { recipient }));
    assert.equal(await owner(), own);
    assert.equal((await send(simulator(), { text: 'Hello' })).status, 200);
    assert.deepEqual(await ok(ask('/me/secondary_receivers')), { data: [] });
  });

  it('none of another page’s', async () => {
    const persona = { name: 'Tom', profile_picture_url: url };
    const { id } = await ok(ask('/me/personas', persona));
    const other = await call(simulator(), `/${String(id)}`, undefined, {
      token: OTHER_PAGE.token,
      method: 'DELETE',
    });
    assertError(other, 100, 33);
    assert.equal((await ok(ask(`/${String(id)}`)))['id'], id);
  });
});
