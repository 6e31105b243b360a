import assert from 'node:assert/strict';

/** What a bot calls. */
export interface ApiClient {
  callAPI(path: string, method?: string, payload?: unknown): Promise<unknown>;
}

/** The adapter's API client, without the network. */
export class FakeAPI {
  readonly token: unknown = 'EAAB';
  readonly secret: unknown = 'SECRET';
  readonly api_host: unknown = 'graph.facebook.com';
  readonly api_version: unknown = 'v25.0';
  readonly asked: unknown[][] = [];

  callAPI(...call: unknown[]): Promise<unknown> {
    this.asked.push(call);
    return Promise.resolve({ message_id: `answer to ${String(call[0])}` });
  }
}

export class FakeAdapter {
  readonly name: unknown = 'Facebook Adapter';
  readonly made: unknown[] = [];
  make: () => unknown = () => new FakeAPI();

  /** With an activity, whose page the client is to be. */
  getAPI(...asked: readonly [activity?: unknown]): Promise<unknown> {
    assert.ok(asked.length <= 1);
    const api = this.make();
    this.made.push(api);
    return Promise.resolve(api);
  }

  activityToFacebook({
    text,
  }: {
    readonly type: string;
    readonly text?: string;
    readonly attachments?: unknown;
  }): object {
    return { message: { text } };
  }
}
