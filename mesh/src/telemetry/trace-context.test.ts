import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { header, headerValues } from '../headers.ts';
import { sampler } from './sampling.ts';
import {
  randomIds,
  readB3,
  readB3Multi,
  readContext,
  readTraceparent,
  restampContext,
  writeContext,
} from './trace-context.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const parentId = 'b7ad6b7169203331';
const short = '8448eb211c80319c';

describe('a traceparent', () => {
  test('is read by its version', () => {
    const read = { traceId, parentId, sampled: true, debug: false };
    assert.deepEqual(readTraceparent(`00-${traceId}-${parentId}-01`), read);
    assert.equal(readTraceparent(`00-${traceId}-${parentId}-00`)?.sampled, false);
    assert.equal(readTraceparent(`01-${traceId}-${parentId}-01-more`)?.traceId, traceId);
  });

  for (const bad of [
    '',
    `00-${traceId}-${parentId}`,
    `00-${traceId.toUpperCase()}-${parentId}-01`,
    `00-${'0'.repeat(32)}-${parentId}-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `ff-${traceId}-${parentId}-01`,
    `00-${traceId}-${parentId}-01-more`,
  ]) {
    test(`begins anew after ${JSON.stringify(bad)}`, () => assert.equal(readTraceparent(bad), null));
  }
});

describe('b3 in one field', () => {
  for (const [value, sampled, debug] of [
    [`${traceId}-${parentId}`, null, false],
    [`${traceId}-${parentId}-1`, true, false],
    [`${traceId}-${parentId}-0-05e3ac9a4f6e3b90`, false, false],
    [`${traceId.toUpperCase()}-${parentId}-d`, true, true],
  ] as const) {
    test(`reads ${value}`, () => assert.deepEqual(readB3(value), { traceId, parentId, sampled, debug }));
  }

  test('an id of 64 bits is one of 128 that begins with zeros', () => {
    assert.equal(readB3(`${short}-${parentId}-1`)?.traceId, `0000000000000000${short}`);
  });

  test('may be a decision and nothing more', () => {
    assert.deepEqual(readB3('0'), { traceId: null, parentId: null, sampled: false, debug: false });
    assert.deepEqual(readB3('d'), { traceId: null, parentId: null, sampled: true, debug: true });
  });

  for (const bad of [
    '',
    '2',
    `${traceId}`,
    `${traceId}-${parentId}-x`,
    `${'0'.repeat(16)}-${parentId}-1`,
    `${short}x-${parentId}`,
  ]) {
    test(`says nothing in ${JSON.stringify(bad)}`, () => assert.equal(readB3(bad), null));
  }
});

describe('b3 in several fields', () => {
  test('is read with and without a decision', () => {
    assert.deepEqual(readB3Multi(traceId, parentId, undefined, undefined), {
      traceId,
      parentId,
      sampled: null,
      debug: false,
    });
    assert.equal(readB3Multi(traceId, parentId, '0', undefined)?.sampled, false);
    assert.equal(readB3Multi(traceId, parentId, 'true', undefined)?.sampled, true);
    assert.deepEqual(readB3Multi(traceId, parentId, '0', '1'), { traceId, parentId, sampled: true, debug: true });
    assert.deepEqual(readB3Multi(undefined, undefined, '1', undefined), {
      traceId: null,
      parentId: null,
      sampled: true,
      debug: false,
    });
  });

  test('says nothing in halves and nonsense', () => {
    assert.equal(readB3Multi(traceId, undefined, '1', undefined), null);
    assert.equal(readB3Multi(undefined, parentId, '1', undefined), null);
    assert.equal(readB3Multi('xyz', parentId, '1', undefined), null);
    assert.equal(readB3Multi(undefined, undefined, 'perhaps', undefined), null);
  });
});

describe('the fields of a request', () => {
  const w3c = { w3c: true, b3: false, b3multi: false };
  const span = { traceId, spanId: 'aaaaaaaaaaaaaaaa', sampled: true, debug: false };

  test('W3C goes before B3, which is used if W3C is unreadable', () => {
    const b3 = ['b3', `${short}-${parentId}-0`];
    assert.equal(readContext(['traceparent', `00-${traceId}-${parentId}-01`, ...b3]).context?.traceId, traceId);
    const second = readContext(['traceparent', 'nonsense', ...b3]);
    assert.equal(second.context?.traceId, `0000000000000000${short}`);
    assert.equal(second.keepsTracestate, false);
    assert.deepEqual(second.forms, { w3c: true, b3: true, b3multi: false });
  });

  test('are replaced as a whole: nothing of the old context travels on', () => {
    const headers = [
      'accept',
      '*/*',
      'b3',
      'old',
      'traceparent',
      'old',
      'x-b3-parentspanid',
      parentId,
      'traceparent',
      'older',
      'tracestate',
      'a=1',
      'host2',
      'x',
    ];
    writeContext(headers, span, { w3c: true, b3: true, b3multi: true }, readContext(headers));
    assert.deepEqual(headers, [
      ...['accept', '*/*', 'host2', 'x'],
      ...['traceparent', `00-${traceId}-aaaaaaaaaaaaaaaa-01`],
      ...['b3', `${traceId}-aaaaaaaaaaaaaaaa-1`],
      ...['x-b3-traceid', traceId, 'x-b3-spanid', 'aaaaaaaaaaaaaaaa', 'x-b3-sampled', '1'],
    ]);
    assert.deepEqual(headerValues(headers, 'traceparent').length, 1);
  });

  test('tracestate travels with the traceparent it belongs to', () => {
    const headers = ['traceparent', `00-${traceId}-${parentId}-01`, 'tracestate', 'a=1'];
    writeContext(headers, span, w3c, readContext(headers));
    assert.equal(header(headers, 'tracestate'), 'a=1');
    const alone = ['tracestate', 'a=1'];
    writeContext(alone, span, w3c, readContext(alone));
    assert.equal(header(alone, 'tracestate'), undefined);
  });

  test('an id of 64 bits goes back as it came', () => {
    const headers: string[] = [];
    writeContext(
      headers,
      { ...span, traceId: `0000000000000000${short}` },
      { w3c: true, b3: true, b3multi: false },
      readContext(headers),
    );
    assert.equal(header(headers, 'b3'), `${short}-aaaaaaaaaaaaaaaa-1`);
    assert.equal(header(headers, 'traceparent'), `00-0000000000000000${short}-aaaaaaaaaaaaaaaa-01`);
  });

  test('every written context is read back, and a restamp changes the span only', () => {
    const hex = (digits: number) =>
      fc.stringMatching(new RegExp(`^[0-9a-f]{${digits}}$`)).filter((text) => !/^0+$/.test(text));
    const forms = fc.constantFrom(w3c, { ...w3c, w3c: false, b3: true }, { ...w3c, w3c: false, b3multi: true });
    fc.assert(
      fc.property(
        hex(32),
        hex(16),
        hex(16),
        fc.boolean(),
        fc.boolean(),
        forms,
        (trace, first, second, sampled, debugWanted, form) => {
          // W3C has no debug flag.
          const debug = debugWanted && sampled && !form.w3c;
          const headers: string[] = ['accept', '*/*'];
          writeContext(headers, { traceId: trace, spanId: first, sampled, debug }, form, readContext(headers));
          assert.deepEqual(readContext(headers).context, { traceId: trace, parentId: first, sampled, debug });
          restampContext(headers, { traceId: trace, spanId: second, sampled, debug });
          assert.deepEqual(readContext(headers).context, { traceId: trace, parentId: second, sampled, debug });
        },
      ),
    );
  });

  test('no value makes reading fail', () => {
    const name = fc.constantFrom(
      'traceparent',
      'b3',
      'x-b3-traceid',
      'x-b3-spanid',
      'x-b3-sampled',
      'x-b3-flags',
      'x-b3-',
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(name, fc.string())), (fields) => {
        const { context } = readContext(fields.flat());
        if (context?.traceId != null) assert.match(context.traceId, /^[0-9a-f]{32}$/);
      }),
    );
  });
});

describe('sampling', () => {
  test('takes its share, and the same traces at every hop', () => {
    const newId = randomIds();
    const ids = Array.from({ length: 20_000 }, () => newId(16));
    const tenth = sampler(10);
    const taken = ids.filter(tenth);
    // Six standard deviations of 20,000 draws.
    assert.ok(Math.abs(taken.length - 2000) < 260, `${taken.length} of 20000`);
    const fifth = sampler(20);
    assert.ok(taken.every(fifth), 'a higher share contains the traces of a lower one');
  });

  test('all and none are exact', () => {
    assert.ok(sampler(100)('0'.repeat(32)));
    assert.ok(!sampler(0)('f'.repeat(32)));
  });
});

test('ids are of their length and do not repeat', () => {
  const newId = randomIds();
  const ids = Array.from({ length: 2000 }, () => newId(8));
  assert.ok(ids.every((id) => /^[0-9a-f]{16}$/.test(id)));
  assert.equal(new Set(ids).size, ids.length);
  assert.match(newId(16), /^[0-9a-f]{32}$/);
});
