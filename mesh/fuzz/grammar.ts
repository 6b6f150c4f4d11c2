import type { SeededRandom } from './random.ts';

/**
 * Requests as a client, a faulty client or an attacker would write them, as latin1 text. Each part is usually right,
 * and sometimes one of the wrong forms that parsers are known to disagree about.
 */

const methods = ['GET', 'GET', 'GET', 'POST', 'POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH', 'TRACE'];
const oddMethods = ['get', 'CONNECT', 'PRI', 'FETCH', 'GE T', '', 'POST\t', 'M-SEARCH', 'QUERY', 'PURGE', 'SOURCE'];

const targets = [
  '/',
  '/a',
  '/a/b?c=d',
  '/%41',
  '/%7e%2D/%c3%a9',
  '/a/%2e%2E/%62',
  '/%252e',
  '/a%2Fb',
  '//a',
  '/a//b',
  '/...',
  '/?x=/../y',
  '/a;b=1',
  '/a?b?c',
  '/a?%00',
];
const oddTargets = [
  '*',
  'shop:80',
  'http://shop/a',
  'HTTP://shop:80/a/../b',
  'http://shop',
  'http://shop?x',
  'http://user@shop/',
  'https://shop/a',
  'http:///a',
  'ftp://shop/a',
  '/../..//etc',
  '/a/%2e%2e/b',
  '/a/..%2fb',
  '/a\\..\\b',
  '/a/..;/b',
  '/%00',
  '/a#b',
  '/\x80',
  '/\xff?\xfe',
  '/a b',
  'a',
  '?a',
  '',
  '/%',
  '/%zz',
  '/%2%65',
  '/%%41',
  '/%2%65%2%65/b',
  '/a\tb',
  '/{}|^`"<>',
];

const versions = ['HTTP/1.1'];
const oddVersions = [
  'HTTP/1.0',
  'HTTP/1.0',
  'HTTP/1.0',
  'HTTP/1.2',
  'HTTP/2.0',
  'HTTP/0.9',
  'HTTP/1.10',
  'http/1.1',
  'HTTP/1',
  'HTTP/1.1 ',
  'HTTP/01.1',
  '',
];

const hosts = ['shop', 'shop', 'SHOP', 'shop:80', '127.0.0.1', '[::1]:80', 'other.example', 'shop.', 'Shop.:80'];
const oddHosts = [
  '',
  'a@b',
  'a/b',
  'a, b',
  'shop:80a',
  'shop:99999',
  'a b',
  'shop%00',
  '[::1',
  'a\tb',
  '.',
  '\xe9',
  ':',
  '_',
  '..',
  'shop..',
  '0.0.0.0=5000',
  'a,b',
  "!$&'()*+;",
];

const fields = [
  'Accept: */*',
  'Content-Type: application/json',
  'Cookie: a=b; c=d',
  'Authorization: Bearer t',
  'User-Agent: fuzz',
  'X-A: 1',
  'X-A: caf\xe9',
  'X-Empty:',
  'X-Wide:   \t padded\t ',
  'Connection: keep-alive',
  'Accept-Encoding: gzip',
  'Via: 1.1 other',
  'X-Request-Id: own',
];
const oddFields = [
  'Connection: close',
  'Connection: X-A, Cookie',
  'Connection: Host, Content-Length, Transfer-Encoding, Authorization',
  'Connection: fuzz-marker',
  'Connection: upgrade',
  'Connection: close, keep-alive',
  'Connection: ,,',
  'Keep-Alive: timeout=1',
  'Proxy-Connection: keep-alive',
  'TE: trailers',
  'Trailer: X-T',
  'Upgrade: websocket',
  'Upgrade: h2c',
  'HTTP2-Settings: AA',
  'Expect: 100-continue',
  'Expect: 200-ok',
  'Max-Forwards: 0',
  'Max-Forwards: 7',
  'Max-Forwards: x',
  'X-Forwarded-For: 1.2.3.4',
  'X-Forwarded-Host: evil',
  'X-Forwarded-Proto: https, http',
  'X_Forwarded_For: 1.2.3.4',
  'Forwarded: for=1.2.3.4',
  'X-Mesh-Override: shop=other',
  'X-Mesh-Shadow: 1',
  'X-Request-Timeout-Ms: 0',
  'X-Request-Timeout-Ms: 5000',
  'X-Request-Timeout-Ms: \x80',
  'X-Original-URL: /admin',
  'X-HTTP-Method-Override: PUT',
  'Traceparent: 00-00000000000000000000000000000000-0000000000000000-00',
  'Traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  'Traceparent: garbage',
  'Tracestate: a=b,,=,c',
  'b3: 0',
  'Host: second',
  'Content-Length: 3',
  'Transfer-Encoding: chunked',
  'Fuzz-Marker: 1',
  'Content-Encoding: gzip',
  'Range: bytes=0-1',
  'Idempotency-Key: k',
  'Origin: http://evil',
  ' X-Folded: 1',
  '\tX-Folded: 1',
  'X-Space : 1',
  'X Space: 1',
  'X-Cr: a\rb',
  'X-Lf: a\nb',
  'X-Nul: a\0b',
  'X-Del: \x7f',
  'X-Smuggle: a\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: shop',
  'NoColon',
  ': empty',
  '\xe9: 1',
  'X[0]: 1',
  'X"q": 1',
];

const oddLengths = ['+', '-', '0x', '0', '00', ' ', '\t'];
const oddCodings = [
  'Transfer-Encoding: Chunked',
  'Transfer-Encoding:chunked',
  'Transfer-Encoding:  chunked  ',
  'Transfer-Encoding: xchunked',
  'Transfer-Encoding: chunked, chunked',
  'Transfer-Encoding: gzip, chunked',
  'Transfer-Encoding: chunked, gzip',
  'Transfer-Encoding: identity',
  'Transfer-Encoding: identity, chunked',
  'Transfer-Encoding: chunked;q=1',
  'Transfer-Encoding: "chunked"',
  'Transfer-Encoding : chunked',
  'Transfer-Encoding:\x0bchunked',
  'Transfer-Encoding:\r\n chunked',
  'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity',
  'Transfer-Encoding:',
  'Transfer-Encoding: ,chunked',
  'X: \rTransfer-Encoding: chunked',
  'Transfer_Encoding: chunked',
  'transfer-encoding: chunked\r\ncontent-length: 4',
];

const contents = [
  '',
  'a',
  'hello',
  '{"a":1}',
  '0\r\n\r\n',
  'GET /smuggled HTTP/1.1\r\nHost: shop\r\n\r\n',
  '5\r\nhello\r\n0\r\n\r\n',
  '\0\x01\xff\xfe\r\n',
];

/** `usual`, but with `oddness` one of `odd`. */
function mostly(random: SeededRandom, oddness: number, usual: readonly string[], odd: readonly string[]): string {
  return random.pick(random.chance(oddness) ? odd : usual);
}

/** The probability that a part of a request is odd. */
export type Oddness = number;

/** One request. At oddness 0 it is well-formed, and its body is framed correctly. */
export function request(random: SeededRandom, oddness: Oddness): string {
  const method = mostly(random, oddness, methods, oddMethods);
  const target = mostly(random, oddness, targets, oddTargets);
  const version = mostly(random, oddness, versions, oddVersions);
  const lines = [`${method} ${target} ${version}`, `Host: ${mostly(random, oddness, hosts, oddHosts)}`];
  if (random.chance(oddness / 4)) lines.pop();
  const others = random.below(4);
  for (let i = 0; i < others; i += 1) lines.push(mostly(random, oddness, fields, oddFields));
  if (random.chance(oddness / 8)) for (let i = 0; i < 120; i += 1) lines.push(`X-Flood-${i}: ${i}`);
  if (random.chance(oddness / 8)) lines.push(`X-Long: ${'x'.repeat(random.below(20_000))}`);
  const content = body(random);
  const framing = random.next();
  let text: string;
  if (framing < 0.4 && !random.chance(oddness)) {
    text = head(lines, random, oddness);
  } else if (framing < 0.7) {
    // Before and behind other fields, because the position must not matter.
    const field = `Content-Length: ${random.chance(oddness) ? random.pick(oddLengths) : ''}${content.length}`;
    lines.splice(1 + random.below(lines.length), 0, field);
    text = head(lines, random, oddness) + content;
  } else {
    const field = random.chance(oddness) ? random.pick(oddCodings) : 'Transfer-Encoding: chunked';
    lines.splice(1 + random.below(lines.length), 0, field);
    text = head(lines, random, oddness) + chunked(content, random, oddness);
  }
  return random.chance(oddness / 4) ? `${random.pick(['\r\n', '\n', ' ', '\r\n\r\n', '\0'])}${text}` : text;
}

/** The last request of a connection. Once it has its reply, everything before it has been read. */
export function lastRequest(): string {
  return 'GET /last HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n';
}

function body(random: SeededRandom): string {
  if (random.chance(0.02)) return random.pick(['x', '\r', '0']).repeat(random.below(200_000));
  return random.pick(contents);
}

function head(lines: readonly string[], random: SeededRandom, oddness: number): string {
  if (!random.chance(oddness / 3)) return `${lines.join('\r\n')}\r\n\r\n`;
  const ends = ['\r\n', '\n', '\r', '\r\r\n', '\n\r', '\r\n\r'];
  const odd = random.below(lines.length + 1);
  let text = '';
  for (const [i, line] of lines.entries()) text += line + (i === odd ? random.pick(ends) : '\r\n');
  return text + (odd === lines.length ? random.pick(ends) : '\r\n');
}

const sizes = ['0x', '+', '-', ' ', '\t', '0', '00000000000000000', 'fffffffffffffffff', 'g', ''];
const extensions = [';a', ';a=b', ';a="b;c"', ';', '; a = b', ';a\rb', ';a\nb', ';\0', ' ;a', '\t', ' ', ';a="\r\n'];
const trailers = [
  'X-T: 1',
  'Content-Length: 5',
  'Host: other',
  'Transfer-Encoding: chunked',
  'X T: 1',
  ' folded',
  'X',
  'Fuzz-Marker: 2',
];

function chunked(content: string, random: SeededRandom, oddness: number): string {
  let text = '';
  let at = 0;
  const odd = () => random.chance(oddness / 3);
  while (at < content.length) {
    const length = Math.min(content.length - at, 1 + random.below(content.length));
    const digits = random.chance(0.5) ? length.toString(16) : length.toString(16).toUpperCase();
    text += `${odd() ? random.pick(sizes) : ''}${digits}${odd() ? random.pick(extensions) : ''}${odd() ? random.pick(['\n', '\r', '']) : '\r\n'}`;
    text += `${content.slice(at, at + length)}${odd() ? random.pick(['\n', '', 'x', '\r']) : '\r\n'}`;
    at += length;
  }
  text += `${odd() ? random.pick(['00', '0;a', '-0', '0 ', '']) : '0'}\r\n`;
  if (random.chance(0.2)) text += `${odd() ? random.pick(trailers) : 'X-T: 1'}\r\n`;
  return `${text}${odd() ? random.pick(['\n', '', '\r']) : '\r\n'}`;
}
