import type { SeededRandom } from './random.ts';

/** Tokens that parsers have trouble with, inserted anywhere. */
const tokens = [
  '\r',
  '\n',
  '\r\n',
  '\r\n\r\n',
  '\0',
  ' ',
  '\t',
  ':',
  ',',
  ';',
  '\x0b',
  '\x7f',
  '\x80',
  '\xff',
  '0\r\n\r\n',
  'GET /smuggled HTTP/1.1\r\nHost: shop\r\n\r\n',
  'Content-Length: 0\r\n',
  'Content-Length: 44\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Host: second\r\n',
  'Connection: close\r\n',
  'HTTP/1.1',
  '%2e%2e/',
  '\\',
];

type Mutation = (text: string, random: SeededRandom) => string;

const at = (text: string, random: SeededRandom) => random.below(text.length + 1);

const mutations: readonly Mutation[] = [
  // one byte replaced
  (text, random) => {
    const i = at(text, random);
    return text.slice(0, i) + String.fromCharCode(random.below(256)) + text.slice(i + 1);
  },
  // one bit flipped
  (text, random) => {
    const i = random.below(Math.max(1, text.length));
    return (
      text.slice(0, i) + String.fromCharCode((text.charCodeAt(i) || 0) ^ (1 << random.below(8))) + text.slice(i + 1)
    );
  },
  // some bytes removed
  (text, random) => {
    const i = at(text, random);
    return text.slice(0, i) + text.slice(i + 1 + random.below(random.chance(0.2) ? 64 : 3));
  },
  // a token inserted
  (text, random) => {
    const i = at(text, random);
    return text.slice(0, i) + random.pick(tokens) + text.slice(i);
  },
  // a part duplicated
  (text, random) => {
    const i = at(text, random);
    const part = text.slice(i, i + 1 + random.below(64));
    return text.slice(0, i) + part + text.slice(i);
  },
  // a line duplicated or moved
  (text, random) => {
    const lines = text.split('\r\n');
    const line = random.pick(lines);
    lines.splice(random.below(lines.length), random.below(2), line);
    return lines.join('\r\n');
  },
  // the end removed
  (text, random) => text.slice(0, at(text, random)),
];

/** `text` with one to three mutations. */
export function mutated(text: string, random: SeededRandom): string {
  let result = text;
  for (let left = random.chance(0.6) ? 1 : 1 + random.below(3); left > 0; left -= 1)
    result = random.pick(mutations)(result, random);
  return result;
}

/** Splits `bytes` where writes could split them: anywhere, most often at line ends. */
export function split(bytes: Buffer, random: SeededRandom): Buffer[] {
  const points = new Set<number>();
  for (let left = random.chance(0.5) ? 0 : 1 + random.below(6); left > 0; left -= 1) {
    const near = bytes.indexOf(random.pick(['\r', '\n', ':']), random.below(bytes.length + 1));
    points.add(random.chance(0.5) || near < 0 ? random.below(bytes.length + 1) : near + random.below(2));
  }
  const pieces: Buffer[] = [];
  let from = 0;
  for (const to of [...points, bytes.length].sort((a, b) => a - b)) {
    if (to > from) pieces.push(bytes.subarray(from, to));
    from = Math.max(from, to);
  }
  return pieces;
}
