import type { Random } from '../seed/random.ts';

/** `[[[…]]]`: JSON with `levels` levels. */
export const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

/** Marks a place for raw JSON text that `JSON.stringify` would not produce. */
const rawMark = 'raw-json-goes-here';

/** Values with a wrong type, size or content, for any member. */
const wrongValues: readonly unknown[] = [
  ...[null, true, false, 0, -1, 0.5, 1e308, -1e308, 2 ** 31, 2 ** 53, 1e21, 5e-324],
  ...['', ' ', '\0', 'a\0b', '\ud800', '😀', '\u202e', '"', '%', "'; --", '../..', 'undefined', 'NaN', '1e999'],
  ...['x'.repeat(300), 'x'.repeat(3_000), 'é'.repeat(70_000), '9'.repeat(400), '(('.repeat(300)],
  ...['2018-13-45', '-infinity', '00000000-0000-0000-0000-000000000000', '__proto__', 'constructor', '1,2,3'],
  ...[[], [[]], [null], [{}], [[[[]]]], Array(300).fill('x'), Array(50).fill({ id: 'x' })],
  ...[{}, { toString: 1 }, { toJSON: 1 }, { valueOf: null }, { length: 1e9 }, { constructor: 1 }],
  ...[{ id: { toString: 1 } }, { id: null, type: [] }, { data: { data: { data: [] } } }, { key: 'x'.repeat(9_000) }],
];

/** JSON text that replaces a value. */
const rawWrong = [
  nested(100),
  nested(60_000),
  `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`,
  '{"__proto__":{"x":1}}',
  '{"constructor":{"prototype":{}}}',
  '1e999',
  '-0',
  '{"a":1,"a":2}',
];

/** Bodies that are not requests at all. */
export const noRequest: readonly string[] = [
  ...[
    '',
    ' ',
    'null',
    '5',
    '"x"',
    '[]',
    '{}',
    '{',
    '{"data":null}',
    '{"data":[]}',
    '{"data":5}',
    '{"data":{"data":5}}',
  ],
  ...['{"data":[[]]}', '{"data":[null]}', '{"data":{"toString":1}}', '{"data":[{"id":{"toString":1}}]}', '\ufeff{}'],
  ...['{"data":{"id":{"toString":1}}}', '{"data":{"__proto__":null}}', `{"data":${nested(60_000)}}`, nested(60_000)],
];

/**
 * A body in one of the envelopes that clients use, with some of the `members`: most with a plausible value, some with
 * a wrong one.
 */
export function body(random: Random, members: Readonly<Record<string, readonly unknown[]>>): string {
  if (random.chance(10)) return random.pick(noRequest);
  const data = () => object(random, members, random.chance(30) ? 2 : 0);
  const whole = random.chance(25) ? { data: [data(), data()] } : random.chance(5) ? data() : { data: data() };
  return JSON.stringify(whole).replaceAll(`"${rawMark}"`, () => random.pick(rawWrong));
}

function object(random: Random, members: Readonly<Record<string, readonly unknown[]>>, dropped: number) {
  const wrong = random.int(0, 2);
  const entries = Object.entries(members).map(([name, values]) => [name, random.pick(values)] as [string, unknown]);
  for (let index = 0; index < dropped && entries.length > 0; index += 1)
    entries.splice(random.int(0, entries.length - 1), 1);
  for (let index = 0; index < wrong && entries.length > 0; index += 1) {
    const entry = random.pick(entries);
    entry[1] = inside(random, entry[1]);
  }
  return Object.fromEntries(entries);
}

/** A wrong value, or a value that is wrong in part. */
function inside(random: Random, value: unknown): unknown {
  if (random.chance(8)) return rawMark;
  if (typeof value !== 'object' || value === null || random.chance(40)) return random.pick(wrongValues);
  const copy: Record<string, unknown> = { ...value };
  const keys = Object.keys(copy);
  if (keys.length === 0) return random.pick(wrongValues);
  const key = random.pick(keys);
  copy[key] = inside(random, copy[key]);
  return Array.isArray(value) ? Object.values(copy) : copy;
}

/** Segments of a path, percent-encoded. */
export const segments: readonly string[] = [
  ...[
    '%00',
    '%ED%A0%80',
    '%F0%9F%92%A9',
    "'",
    '%2e%2e',
    '%2F',
    '0',
    '-1',
    'NaN',
    '__proto__',
    'constructor',
    'toString',
  ],
  ...['x'.repeat(390), '%20', '00000000-0000-0000-0000-000000000000', '{"toString":1}', '%25', '*', ';a=b', 'tree'],
];

const queryValues = [
  '%00',
  '%ED%A0%80',
  "'",
  '1e308',
  '-1',
  '9'.repeat(30),
  '('.repeat(3_000),
  'a'.repeat(5_000),
  '',
  '😀',
];
const queryKeys = ['sort', 'include', 'page[limit]', 'page[offset]', 'page', 'page[]', 'filter', '__proto__[x]', 'x'];
const filters = [
  'eq(name,V)',
  'like(name,*V*)',
  'eq(id,V)',
  'gt(created_at,V)',
  'in(id,V)',
  'eq(V,x)',
  'lt(with_tax,V)',
];

/** A query with its question mark; often empty. */
export function query(random: Random): string {
  if (random.chance(60)) return '';
  const value = random.pick(queryValues);
  const one = `${random.pick(queryKeys)}=${value}`;
  const filter = `filter=${random.pick(filters).replace('V', value)}`;
  return encodeURI(`?${random.pick([one, filter, `${one}&${filter}`, `${one}&${one}`, value])}`).replaceAll('%25', '%');
}
