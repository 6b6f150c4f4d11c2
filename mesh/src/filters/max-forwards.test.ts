import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { backendRef, meshConfig, route, rule, service } from '../testing/config.ts';
import { Closing, RawClient, type TestMesh, testMesh, upstreamServer } from '../testing/harness.ts';

const closing = new Closing();
let mesh: TestMesh;
let seen: (string | undefined)[] = [];

before(async () => {
  const upstream = await upstreamServer(closing, (request, response) => {
    seen.push(request.headers['max-forwards'] as string | undefined);
    response.end('shop');
  });
  const rules = [rule({ backendRefs: [backendRef('shop')] })];
  mesh = await testMesh(closing, meshConfig([service('shop', [upstream.port])], [route('all', rules)]));
});
after(() => closing.close());
beforeEach(() => {
  seen = [];
});

async function ask(method: string, ...fields: string[]) {
  const client = await RawClient.to(mesh.edgePort, closing);
  client.send(`${method} /a?b=c HTTP/1.1`, 'Host: shop', ...fields, 'Connection: close', '', '');
  return client.untilClosed();
}

describe('Max-Forwards', () => {
  test('of TRACE and OPTIONS is decremented', async () => {
    for (const [written, forwarded] of [
      ['1', '0'],
      ['010', '9'],
      ['99999999999999999999', '999999999'],
    ] as const) {
      for (const method of ['TRACE', 'OPTIONS']) {
        seen = [];
        assert.match(await ask(method, `Max-Forwards: ${written}`), /^HTTP\/1\.1 200 [\s\S]*shop$/);
        assert.deepEqual(seen, [forwarded], `${method} ${written}`);
      }
    }
  });

  test('at zero ends OPTIONS here', async () => {
    assert.match(await ask('OPTIONS', 'Max-Forwards: 0'), /^HTTP\/1\.1 204 /);
    assert.deepEqual(seen, []);
  });

  test('at zero ends TRACE here: the request comes back without fields that may be secret', async () => {
    const secrets = ['Authorization: Bearer t', 'Cookie: a=b', 'X-Api-Key: k'];
    const received = await ask('TRACE', 'Via: 1.1 outer', 'Max-Forwards: 0', ...secrets);
    assert.match(received, /^HTTP\/1\.1 200 [\s\S]*content-type: message\/http\r\n/);
    const reflected = 'TRACE /a?b=c HTTP/1.1\r\nhost: shop\r\nvia: 1.1 outer\r\nmax-forwards: 0\r\n\r\n';
    assert.equal(received.slice(received.indexOf('\r\n\r\n') + 4), reflected);
    assert.deepEqual(seen, []);
  });

  test('that is not a number is refused, and of other methods it is an ordinary field', async () => {
    for (const fields of [['Max-Forwards: -1'], ['Max-Forwards: 1, 2'], ['Max-Forwards: 1', 'Max-Forwards: 2']]) {
      assert.match(await ask('OPTIONS', ...fields), /^HTTP\/1\.1 400 /, fields.join());
    }
    assert.deepEqual(seen, []);
    assert.match(await ask('GET', 'Max-Forwards: 0'), /^HTTP\/1\.1 200 /);
    assert.deepEqual(seen, ['0']);
  });
});
