import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { listen } from '../support/platform/listen';
import { countUploads } from '../support/platform/received';
import { IN_ASSETS, TOKEN, workbench } from './support';

describe('facebook-attachments behind a proxy', () => {
  const bench = workbench();

  /** Passes connections on, and remembers where to. */
  const openProxy = async (): Promise<{ url: string; passed: string[] }> => {
    const passed: string[] = [];
    const server = createServer().on('connect', ({ url = '' }, client) => {
      passed.push(url);
      const [host, port] = url.split(':');
      const upstream = connect(Number(port), host, () => {
        client.write('HTTP/1.1 200 Connection established\r\n\r\n');
        upstream.pipe(client).pipe(upstream);
      });
      for (const socket of [client, upstream]) socket.on('error', () => client.destroy());
    });
    const { port, close } = await listen(server);
    bench.closeAfterTest({ close });
    return { url: `http://127.0.0.1:${port}`, passed };
  };

  it('calls Facebook through the one that the environment names', async () => {
    const { url, passed } = await openProxy();
    const spawned = await bench.spawnTool(['warm', 'cats', ...IN_ASSETS], {
      env: { ...TOKEN, HTTPS_PROXY: url },
    });
    const { code, stderr } = await spawned.ended;
    assert.deepEqual([code, stderr], [0, '']);
    assert.ok(passed.length > 0);
    assert.ok(passed.every((host) => host === bench.sim.host));
    assert.equal(countUploads(bench.sim), 2);
  });

  it('goes past it where NO_PROXY says so', async () => {
    const { url, passed } = await openProxy();
    const env = { ...TOKEN, HTTPS_PROXY: url, NO_PROXY: 'localhost' };
    const spawned = await bench.spawnTool(['warm', 'cats', ...IN_ASSETS], { env });
    assert.equal((await spawned.ended).code, 0);
    assert.deepEqual(passed, []);
  });
});
