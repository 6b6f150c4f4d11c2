import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { type Answer, decode, encode } from 'dns-packet';
import { resolveHost, resolveRecords } from './dns.ts';

type Records = Partial<Record<'A' | 'AAAA', [data: string, ttl: number][] | 'refused'>>;

/** RFC 1035, 4.1.1; both are the low bits of the flags. */
const rcode = { NXDOMAIN: 3, REFUSED: 5 };

/** The records of the name server. */
const zone: Record<string, Records> = {
  'both.test': {
    A: [
      ['10.0.0.1', 300],
      ['10.0.0.2', 60],
    ],
    AAAA: [['fd00::1', 90]],
  },
  'four.test': { A: [['10.0.0.1', 30]], AAAA: [] },
  'never.test': { A: [['10.0.0.1', 0]], AAAA: [] },
  'empty.test': { A: [], AAAA: [] },
  'half.test': { A: [['10.0.0.1', 30]], AAAA: 'refused' },
};

describe('records', () => {
  let server: Socket;
  let servers: string[];

  before(async () => {
    server = createSocket('udp4', (packet, { address, port }) => {
      const { id = 0, questions = [] } = decode(packet);
      const [question] = questions;
      const name = question?.name ?? '';
      const type = question?.type === 'AAAA' ? 'AAAA' : 'A';
      const found = zone[name]?.[type];
      const flags = found === undefined ? rcode.NXDOMAIN : found === 'refused' ? rcode.REFUSED : 0;
      const answers = Array.isArray(found)
        ? found.map(([data, ttl]): Answer => ({ type, name, ttl, data, class: 'IN' }))
        : [];
      server.send(encode({ type: 'response', id, flags, questions, answers }), port, address);
    });
    server.bind(0, '127.0.0.1');
    await once(server, 'listening');
    servers = [`127.0.0.1:${(server.address() as AddressInfo).port}`];
  });
  after(() => server.close());

  test('of both kinds are returned with the lowest TTL', async () => {
    assert.deepEqual(await resolveRecords('both.test', servers), {
      addresses: ['10.0.0.1', '10.0.0.2', 'fd00::1'],
      ttlMs: 60_000,
    });
  });

  test('of one kind are enough', async () => {
    assert.deepEqual(await resolveRecords('four.test', servers), { addresses: ['10.0.0.1'], ttlMs: 30_000 });
  });

  test('may have a TTL of 0', async () => {
    assert.equal((await resolveRecords('never.test', servers)).ttlMs, 0);
  });

  for (const [name, code] of [
    ['empty.test', 'ENODATA'],
    ['nowhere.test', 'ENOTFOUND'],
    ['half.test', 'EREFUSED'],
  ] as const) {
    test(`that are not known reject with ${code}: ${name}`, () =>
      assert.rejects(resolveRecords(name, servers), { code }));
  }
});

test('by default the resolver of the system is used: its hosts file applies, and there is no TTL', async () => {
  const { addresses, ttlMs } = await resolveHost('localhost', { respectTtl: false });
  assert.ok(addresses.includes('127.0.0.1') || addresses.includes('::1'), addresses.join());
  assert.equal(ttlMs, undefined);
});
