import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { startCaddy, startHaproxy, startHttpProxy, startNginx } from './proxies.ts';

let connections = 0;
const upstream = createServer((request, response) => response.end(request.url)).on('connection', () => {
  connections += 1;
});
before(() => new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve)));
after(() => {
  upstream.closeAllConnections();
  upstream.close();
});

const isInstalled = (name: string) =>
  ['/usr/sbin', '/usr/bin', '/usr/local/sbin', '/usr/local/bin', '/opt/homebrew/bin'].some((folder) =>
    existsSync(`${folder}/${name}`),
  );

for (const [name, start, installed] of [
  ['http-proxy', startHttpProxy, true],
  ['haproxy', startHaproxy, isInstalled('haproxy')],
  ['nginx', startNginx, isInstalled('nginx')],
  ['caddy', startCaddy, isInstalled('caddy')],
] as const) {
  test(`${name} passes requests on over one connection where it is installed, and is left out otherwise`, async () => {
    const { port } = upstream.address() as AddressInfo;
    const proxy = await start(port);
    assert.equal(proxy !== null, installed);
    if (proxy === null) return;
    try {
      const known = connections;
      for (const path of ['/one', '/two', '/three']) {
        const response = await fetch(`${proxy.url}${path}`);
        assert.deepEqual([response.status, await response.text()], [200, path]);
      }
      assert.equal(connections - known, 1);
      if (name === 'caddy' && existsSync('/proc/self/environ')) {
        assert.match(readFileSync(`/proc/${proxy.pid}/environ`, 'utf8'), /(^|\0)GOMAXPROCS=1\0/);
      }
    } finally {
      await proxy.stop();
    }
  });
}
