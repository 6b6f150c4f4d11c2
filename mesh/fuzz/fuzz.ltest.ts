import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Facts } from '../src/exchange.ts';
import { fuzzCase } from './cases.ts';
import { judge, type Played } from './judge.ts';
import type { Observed } from './observer.ts';
import { readReplies } from './responses.ts';
import { fuzz } from './run.ts';
import { contentFor, type Received } from './upstream.ts';

test('2,000 requests: no crash, no hang, no leftovers, no differences in reading', async () => {
  const report = await fuzz({ seed: 1, requests: 2000, limitMs: 60_000 });
  assert.deepEqual(report.findings, []);
  assert.equal(report.cut, false);
  assert.ok(report.forwarded > 500, `${report.forwarded} were forwarded`);
  assert.ok(report.refused + report.unread > 100, `${report.refused} and ${report.unread} were refused`);
});

test('a case is the same for the same seed and number', () => {
  const text = (seed: number, index: number) => Buffer.concat(fuzzCase(seed, index).pieces).toString('latin1');
  assert.equal(text(7, 100), text(7, 100));
  assert.notEqual(text(7, 100), text(7, 101));
  assert.notEqual(text(7, 100), text(8, 100));
});

describe('the judge reports', () => {
  const marker = 'm-1';
  const observed = (over: Partial<Observed> = {}): Observed => ({
    marker,
    clientAddress: '127.0.0.9',
    method: 'POST',
    path: '/a',
    authority: 'shop',
    headers: ['x-a', '1'],
    upgrade: false,
    refused: null,
    body: [Buffer.from('hello')],
    bodyEnd: 'whole',
    facts: { attempts: 1, failure: null, peerAddress: '127.0.0.9' } as Facts,
    status: 200,
    ended: true,
    ends: 1,
    thrown: null,
    ...over,
  });
  const fields = ['Host', 'shop', 'X-A', '1', 'X-Forwarded-For', '127.0.0.9', 'Fuzz-Marker', marker];
  const received = (over: Partial<Received> = {}): Received => ({
    markers: [marker],
    method: 'POST',
    url: '/a',
    rawHeaders: [...fields, 'Content-Length', '5'],
    body: [Buffer.from('hello')],
    whole: true,
    upgrade: false,
    ...over,
  });
  const good = `HTTP/1.1 200 OK\r\nfuzz-marker: ${marker}\r\ncontent-length: ${contentFor(marker).length}\r\n\r\n${contentFor(marker)}`;
  const played = (mesh: Partial<Observed>, behind: readonly Received[], reply = good): Played => ({
    fuzz: { ...fuzzCase(1, 0), plain: false, requests: 1 },
    clientAddress: '127.0.0.9',
    client: { received: Buffer.from(reply, 'latin1'), end: 'closed' },
    observed: [observed(mesh)],
    received: new Map([[marker, behind]]),
  });

  test('nothing where all three readers agree', () => {
    assert.deepEqual(judge(played({}, [received()])), []);
  });

  const planted: [name: string, played: Played, finding: RegExp][] = [
    ['another method', played({}, [received({ method: 'GET' })]), /method/],
    ['another target', played({}, [received({ url: '/b' })]), /target/],
    ['another Host', played({ authority: 'other' }, [received()]), /Host/],
    ['a field more', played({ headers: [] }, [received()]), /fields/],
    ['a field less', played({ headers: ['x-a', '1', 'x-b', '2'] }, [received()]), /fields/],
    ['another body', played({ body: [Buffer.from('hellO')] }, [received()]), /body/],
    ['a longer body', played({}, [received({ body: [Buffer.from('hello!')] })]), /body/],
    ['a body cut short', played({}, [received({ body: [Buffer.from('hell')] })]), /body/],
    ['half a body taken for a whole one', played({ bodyEnd: 'broken' }, [received()]), /whole to the upstream/],
    ['a body never delivered', played({}, [received({ whole: false })]), /not by the upstream/],
    [
      'two lengths',
      played({}, [received({ rawHeaders: [...received().rawHeaders, 'Content-Length', '5'] })]),
      /length/,
    ],
    ['a request twice', played({}, [received(), received()]), /2 requests upstream/],
    ['a request that was never sent', played({}, []), /never seen/],
    ['an exchange without an end', played({ ended: false }, [received()]), /never ended/],
    ['a reply to another client', played({}, [received()], good.replace(`: ${marker}`, ': m-2')), /another client/],
    ['another status', played({ status: 404 }, [received()]), /status/],
    ['an extra reply', played({}, [received()], good + good), /the client did not ask for/],
    ['no HTTP', played({}, [received()], `${good}junk`), /cannot read/],
    ['a body split in two', played({}, [received()], good.replace(/length: \d+/, 'length: 3')), /cannot read|altered/],
  ];
  for (const [name, one, finding] of planted) {
    test(name, () => assert.match(judge(one).join('\n'), finding));
  }

  test('a connection that stays open', () => {
    const one = played({}, [received()]);
    assert.match(judge({ ...one, client: { ...one.client, end: 'hung' } }).join(), /stayed open/);
  });

  test('a well-formed request that does not succeed', () => {
    const one = played({}, [received()]);
    const plain = { ...one.fuzz, plain: true, requests: 2 };
    assert.match(judge({ ...one, fuzz: plain }).join(), /1 of 2 well-formed requests read/);
  });
});

test('replies are read as a careful client reads them', () => {
  const read = (text: string, ...methods: string[]) => readReplies(Buffer.from(text, 'latin1'), methods);
  const head = 'HTTP/1.1 200 OK\r\n';
  assert.equal(read(`${head}content-length: 5\r\n\r\n`, 'HEAD').replies[0]?.whole, true);
  assert.equal(read(`${head}content-length: 5\r\n\r\nhell`, 'GET').replies[0]?.whole, false);
  const chunked = `${head}transfer-encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\nx: 1\r\n\r\n`;
  assert.deepEqual(
    read(`HTTP/1.1 100 Continue\r\n\r\n${chunked}${head}content-length: 1\r\n\r\nd`).replies.map(({ body }) => body),
    ['abc', 'd'],
  );
  assert.notEqual(read(`${head}content-length: 1\r\n\r\nab`).fault, null);
  assert.notEqual(read(`${head}content-length: 1\r\ntransfer-encoding: chunked\r\n\r\n`).fault, null);
  assert.notEqual(read(`${head}x\r\n\r\n`).fault, null);
});
