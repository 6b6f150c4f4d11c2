import assert from 'node:assert/strict';
import type { RequestListener, ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { SettlePolicy } from '../config/policy-model.ts';
import { cli } from '../testing/cli.ts';
import { meshConfig, readsAndWrites, service } from '../testing/config.ts';
import { Closing, type TestMesh, testMesh, until, upstreamServer } from '../testing/harness.ts';
import { quietPort } from '../testing/quiet-port.ts';

let closing: Closing;
beforeEach(() => {
  closing = new Closing();
});
afterEach(() => closing.close());

const settles: SettlePolicy = {
  service: 'migrator',
  port: 80,
  resources: ['brands', 'logos'],
  after: { timeoutMs: 250, writesRule: 'writes' },
};

interface Setting {
  policy?: SettlePolicy;
  /** What both sides reply; default: their name. */
  side?: (name: string) => RequestListener;
  failover?: boolean;
  requestMs?: number;
  migratorPort?: number;
}

/** `old` takes reads and writes; reads can be shifted to `new`. The test replies to `POST /settle`. */
async function platform({ policy = settles, side, failover, requestMs, migratorPort }: Setting = {}) {
  const asked: { body: string; reply: ServerResponse }[] = [];
  const state = { auto: 204 as number | null };
  const named = (name: string) =>
    upstreamServer(
      closing,
      side?.(name) ?? ((request, response) => request.resume().on('end', () => response.end(name))),
    );
  const [old, next] = [await named('old'), await named('new')];
  const migrator =
    migratorPort === undefined
      ? await upstreamServer(closing, (request, reply) => {
          let body = '';
          request.on('data', (chunk) => {
            body += chunk;
          });
          request.on('end', () => {
            asked.push({ body: `${request.method} ${request.url} ${body}`, reply });
            if (state.auto !== null) reply.writeHead(state.auto).end();
          });
        })
      : { port: migratorPort };
  const over = failover === true ? { failover: { service: 'old', port: 80, methods: ['GET'], rules: ['reads'] } } : {};
  const config = readsAndWrites(
    { old: old.port, new: next.port },
    { policy: { settle: policy, ...over }, others: [service('migrator', [migrator.port])] },
  );
  for (const rule of config.routes[0]?.rules ?? []) rule.timeouts.requestMs = requestMs ?? 0;
  const mesh = await testMesh(closing, config);
  const isSettled = () => mesh.parts.settlers.list().every(({ settled }) => settled);
  if (migratorPort === undefined) await until(isSettled, 'the first round has succeeded');
  mesh.mesh.shift('brands/reads', { new: 100 }, { who: 'test', why: '' });
  asked.length = 0;
  const ask = async (method: string, path = '/') => {
    const response = await fetch(mesh.url + path, { method });
    return `${response.status} ${(await response.text()).slice(0, 20)}`;
  };
  return { mesh, asked, state, ask, isSettled, old, next };
}

async function counted({ adminUrl }: TestMesh): Promise<string[]> {
  const text = await (await fetch(`${adminUrl}/metrics`)).text();
  return text.split('\n').filter((line) => line.startsWith('mesh_settles_total'));
}

describe('behind a request', () => {
  test('that is unsafe, the resources of its route are settled before the client has the reply', async () => {
    const { asked, state, ask, mesh } = await platform();
    assert.equal(await ask('GET'), '200 new');
    assert.equal(asked.length, 0, 'a read is not settled');
    state.auto = null;
    let reply: string | null = null;
    void ask('POST').then((text) => {
      reply = text;
    });
    await until(() => asked.length === 1, 'the service is asked');
    assert.equal(asked[0]?.body, 'POST /settle {"resources":["brands","logos"]}');
    assert.equal(reply, null);
    assert.equal(mesh.inFlight(), 1);
    asked[0]?.reply.writeHead(204).end();
    await until(() => reply !== null, 'the reply comes');
    assert.equal(reply, '200 old');
    assert.deepEqual(await counted(mesh), ['mesh_settles_total{route="brands",when="after",outcome="settled"} 1']);
  });

  test('whatever came of it: a failure reply, and a reply that was lost', async () => {
    for (const side of [
      (name: string): RequestListener =>
        (_request, response) =>
          response.writeHead(422).end(name),
      (): RequestListener => (request) => request.socket.destroy(),
    ]) {
      const { asked, ask } = await platform({ side });
      assert.match(await ask('PATCH'), /^(422 old|502)/);
      assert.equal(asked.length, 1);
    }
  });

  test('that was not sent, nothing is settled', async () => {
    const { asked, ask, mesh } = await platform();
    const closed = await quietPort();
    mesh.documents = { config: meshConfig([], []) };
    const config = structuredClone(mesh.mesh.config);
    const old = config.services.find(({ name }) => name === 'old');
    if (old?.endpoints[0] !== undefined) old.endpoints[0].port = closed;
    mesh.documents = { config };
    await mesh.reload('test', '');
    asked.length = 0;
    assert.match(await ask('POST'), /^503/);
    assert.equal(asked.length, 0);
  });

  test('a reply is handed on unchanged', async () => {
    const { ask } = await platform({
      side: () => (_request, response) => response.writeHead(201, { 'x-own': 'a' }).end('made'),
    });
    assert.equal(await ask('POST'), '201 made');
  });
});

describe('a round', () => {
  test('is asked for again when the connection breaks, once', async () => {
    let asked = 0;
    let broken = 0;
    const migrator = await upstreamServer(closing, (request, response) => {
      asked += 1;
      if (broken > 0) {
        broken -= 1;
        request.socket.destroy();
      } else response.writeHead(204).end();
    });
    const { ask, isSettled } = await platform({ migratorPort: migrator.port });
    await until(isSettled, 'the first round has succeeded');
    asked = 0;
    broken = 1;
    assert.equal(await ask('POST'), '200 old');
    assert.equal(asked, 2);
    assert.equal(await ask('GET'), '200 new');
    broken = 2;
    assert.equal(await ask('POST'), '200 old');
    await until(isSettled, 'a later round succeeds');
    assert.ok(asked >= 5);
  });
});

describe('while settling fails', () => {
  test('reads go where writes go, and writes are not held, until a round succeeds', async () => {
    const { mesh, asked, state, ask, isSettled } = await platform({ failover: true });
    state.auto = 503;
    assert.equal(await ask('POST'), '200 old');
    assert.equal(await ask('GET'), '200 old');
    assert.equal(await ask('HEAD'), '200 ');
    assert.equal(await ask('POST'), '200 old');
    assert.ok((await counted(mesh)).some((line) => line.includes('outcome="not_held"')));
    const warned = mesh.log.lines.filter(({ message }) => message.startsWith('settling fails'));
    assert.equal(warned.length, 1);
    assert.match(
      (await cli(mesh, 'status')).out,
      /brands, logos have not settled \(migrator:80\), so reads go where writes go: migrator replied with 503/,
    );
    state.auto = 204;
    await until(isSettled, 'a round succeeds');
    assert.equal(await ask('GET'), '200 new');
    assert.ok(asked.length > 2);
    assert.doesNotMatch((await cli(mesh, 'status')).out, /not settled/);
  });

  test('a hanging round delays one write, and no further one', async () => {
    const { state, ask } = await platform();
    state.auto = null;
    const began = performance.now();
    assert.equal(await ask('POST'), '200 old');
    assert.ok(performance.now() - began >= 250);
    assert.equal(await ask('GET'), '200 old');
    assert.equal(await ask('POST'), '200 old');
  });

  test('a read does not fail over from a writing side that is down', async () => {
    const { mesh, state, ask } = await platform({ failover: true });
    mesh.mesh.shift('brands/writes', { new: 100 }, { who: 'test', why: '' });
    state.auto = 503;
    assert.equal(await ask('POST'), '200 new');
    const config = structuredClone(mesh.mesh.config);
    for (const each of config.services) if (each.name === 'new') each.endpoints = [];
    mesh.documents = { config };
    await mesh.reload('test', '');
    assert.match(await ask('GET'), /^503/);
  });

  test('it fails without an instance of the service, too, and a mesh begins without trust', async () => {
    const { ask } = await platform({ migratorPort: await quietPort() });
    assert.equal(await ask('GET'), '200 old');
    assert.equal(await ask('POST'), '200 old');
  });

  test('a write with little time left is given up before its deadline', async () => {
    const { state, ask } = await platform({ requestMs: 200 });
    state.auto = null;
    assert.equal(await ask('POST'), '200 old');
    assert.equal(await ask('GET'), '200 old');
  });
});

describe('before a request', () => {
  const before: SettlePolicy = {
    service: 'migrator',
    port: 80,
    resources: ['carts'],
    before: {
      timeoutMs: 10_000,
      retryAfterS: 7,
      resources: ['products'],
      requests: [{ method: 'POST', path: { type: 'RegularExpression', value: '/carts/[^/]+/checkout' } }],
    },
  };

  test('of the policy, what it depends on is settled, and until then it is not sent', async () => {
    const seen: string[] = [];
    const { asked, state, ask } = await platform({
      policy: before,
      side: (name) => (request, response) => {
        seen.push(request.url ?? '');
        request.resume().on('end', () => response.end(name));
      },
    });
    assert.equal(await ask('POST', '/carts/a'), '200 old');
    assert.equal(asked.length, 0);
    state.auto = null;
    const bought = ask('POST', '/carts/a/checkout?x=1');
    await until(() => asked.length === 1, 'the service is asked');
    assert.equal(asked[0]?.body, 'POST /settle {"resources":["products"]}');
    asked[0]?.reply.writeHead(503).end();
    await until(() => asked.length === 2, 'it is asked again');
    assert.deepEqual(seen, ['/carts/a']);
    asked[1]?.reply.writeHead(204).end();
    assert.equal(await bought, '200 old');
    assert.deepEqual(seen, ['/carts/a', '/carts/a/checkout?x=1']);
  });

  test('it gets 503 with Retry-After when the time is over, and is never sent', async () => {
    const policy = { ...before, before: { ...(before.before as NonNullable<SettlePolicy['before']>), timeoutMs: 120 } };
    let seen = 0;
    const { state, mesh } = await platform({
      policy,
      side: () => (_request, response) => {
        seen += 1;
        response.end();
      },
    });
    for (const how of [null, 503]) {
      state.auto = how;
      const response = await fetch(`${mesh.url}/carts/a/checkout`, { method: 'POST' });
      assert.equal(response.status, 503);
      assert.equal(response.headers.get('retry-after'), '7');
      assert.match(await response.text(), /could not be settled/);
    }
    assert.equal(seen, 0);
    assert.equal(mesh.log.requests().at(-1)?.reason, 'not_settled');
  });

  describe('that is a read of a route whose writes are settled', () => {
    const reads: SettlePolicy = {
      ...settles,
      before: {
        timeoutMs: 10_000,
        retryAfterS: 7,
        resources: ['jobs'],
        requests: [{ method: 'GET', path: { type: 'RegularExpression', value: '/[^/]+/file' } }],
      },
    };

    test('what it depends on is settled, and then it goes by the weights of reads', async () => {
      const { asked, state, ask } = await platform({ policy: reads });
      assert.equal(await ask('GET', '/a'), '200 new');
      assert.equal(asked.length, 0);
      state.auto = null;
      const read = ask('GET', '/a/file');
      await until(() => asked.length === 1, 'the service is asked');
      assert.equal(asked[0]?.body, 'POST /settle {"resources":["jobs"]}');
      asked[0]?.reply.writeHead(204).end();
      assert.equal(await read, '200 new');
    });

    test('it goes where writes go when a round fails or hangs, once for each read', async () => {
      const { asked, state, ask } = await platform({ policy: reads });
      for (const how of [503, null]) {
        state.auto = how;
        asked.length = 0;
        assert.equal(await ask('GET', '/a/file'), '200 old', String(how));
        assert.ok(asked.length >= 1);
      }
      // Other reads go by their weights as before.
      assert.equal(await ask('GET', '/a'), '200 new');
    });
  });
});
