import assert from 'node:assert/strict';
import { request } from 'node:http';
import { Duplex } from 'node:stream';
import { test } from 'node:test';
import { MeshError } from '../../errors.ts';
import { messages } from '../../http1/testing/messages.ts';
import { seeded } from '../../policy/testing.ts';
import { type Heard, readReply } from './testing/read-reply.ts';

const headBytesMax = 16 * 1024;
const rounds = 4000;

type Reading = Pick<Heard, 'status' | 'headers' | 'body' | 'trailers'>;
type OwnReading = Reading & { read: number };

/**
 * What Node's own client reads from `pieces` and the end of the connection; null if Node does not see a whole reply.
 */
function readByNode(pieces: readonly string[], method: string): Promise<Reading | null> {
  return new Promise((resolve) => {
    const connection = new Duplex({
      read() {},
      write(_chunk, _encoding, done) {
        done();
      },
    });
    const call = request({
      method,
      path: '/',
      host: 'x',
      maxHeaderSize: headBytesMax,
      createConnection: () => connection,
    });
    // Node's limit of 2000 would cut a list short silently.
    call.maxHeadersCount = 0;
    call.on('error', () => resolve(null));
    call.on('upgrade', () => resolve(null));
    call.on('response', (response) => {
      let body = '';
      response.setEncoding('latin1');
      response.on('data', (text: string) => {
        body += text;
      });
      response.on('error', () => {});
      response.on('close', () => {
        if (!response.complete) return resolve(null);
        const lower = (raw: string[]) => raw.map((text, i) => (i % 2 === 0 ? text.toLowerCase() : text));
        resolve({
          status: response.statusCode ?? 0,
          headers: lower(response.rawHeaders),
          body,
          trailers: lower(response.rawTrailers),
        });
      });
    });
    call.end();
    for (const piece of pieces) connection.push(Buffer.from(piece, 'latin1'));
    connection.push(null);
  });
}

function readByUs(pieces: readonly string[], method: string): OwnReading | null {
  try {
    const { status, headers, body, trailers, ended, read } = readReply(pieces, { method, headBytesMax, eof: true });
    return ended ? { status, headers, body, trailers, read } : null;
  } catch (thrown) {
    assert.ok(thrown instanceof MeshError, String(thrown));
    return null;
  }
}

const { below, one, text, fields, chunked, injured, cut } = messages(seeded(20_260_101));

/** A valid reply. */
function reply(): { raw: string; method: string } {
  const method = one(['GET', 'GET', 'GET', 'POST', 'HEAD']);
  const status = one([200, 200, 200, 201, 204, 304, 404, 500, 599]);
  const early = one(['', '', 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n', 'HTTP/1.1 100 Continue\r\n\r\n']);
  const line = `HTTP/1.${one([1, 1, 1, 0])} ${status}${one(['', ' ', ' OK', ' Not So Good'])}\r\n`;
  const body = text(one([0, 1, below(100), below(3000)]), 'ab\r\n0\0\xff ');
  const empty = method === 'HEAD' || status === 204 || status === 304;
  const framing = line.startsWith('HTTP/1.0')
    ? one(['length', 'close'])
    : one(['length', 'chunked', 'chunked', 'close']);
  const [before, after] = [fields(), fields()];
  if (framing === 'close') return { raw: `${early}${line}${before}${after}\r\n${empty ? '' : body}`, method };
  const declared = framing === 'length' ? `Content-Length: ${body.length}\r\n` : 'Transfer-Encoding: chunked\r\n';
  const content = empty ? '' : framing === 'length' ? body : chunked(body);
  return { raw: `${early}${line}${before}${declared}${after}\r\n${content}`, method };
}

test(`${rounds} random replies, cut at random, are read byte for byte as by Node's own parser`, async () => {
  for (let round = 0; round < rounds; round += 1) {
    const { raw, method } = reply();
    const pieces = cut(raw);
    const shown = `${method} ${JSON.stringify(pieces)}`;
    const ours = readByUs(pieces, method);
    assert.notEqual(ours, null, `refused: ${shown}`);
    assert.deepEqual(ours, { ...(await readByNode(pieces, method)), read: raw.length }, shown);
  }
});

/** Node refuses blanks before a colon. In replies they must be dropped (RFC 9112 section 5.1). */
function withoutBlanks(raw: string): string {
  return raw.replace(/(\r\n[\w!#$%&'*+.^`|~-]+)[ \t]+:/g, '$1:');
}

test(`of ${rounds} damaged replies, none is accepted that Node refuses or reads differently`, async () => {
  let taken = 0;
  for (let round = 0; round < rounds; round += 1) {
    const { raw, method } = reply();
    const hurt = injured(raw);
    const pieces = cut(hurt);
    const ours = readByUs(pieces, method);
    if (ours === null) continue;
    taken += 1;
    // On bytes behind a reply, the mesh gives up the connection. Node refuses the reply itself.
    const theirs = await readByNode([withoutBlanks(hurt.slice(0, ours.read))], method);
    assert.deepEqual(ours, { ...theirs, read: ours.read }, `${method} ${JSON.stringify(pieces)}`);
  }
  // Otherwise this test would show nothing.
  assert.ok(taken > rounds / 10, `${taken} were taken`);
});
