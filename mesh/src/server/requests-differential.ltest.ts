import assert from 'node:assert/strict';
import { createServer, type IncomingMessage } from 'node:http';
import { Duplex } from 'node:stream';
import { test } from 'node:test';
import { MeshError } from '../errors.ts';
import { withoutHopByHop } from '../headers.ts';
import { messages } from '../http1/testing/messages.ts';
import { seeded } from '../policy/testing.ts';
import { plainAuthority } from './authority.ts';
import { readTarget } from './target.ts';
import { type ReadRequest, readRequest } from './testing/read-request.ts';

const headBytesMax = 16 * 1024;
const rounds = 4000;
const { below, one, text, fields, chunked, injured, cut } = messages(seeded(20_260_102));

type Reading = Pick<ReadRequest, 'method' | 'http11' | 'path' | 'authority' | 'headers' | 'body' | 'persistent'>;

/**
 * What Node's own server reads from `pieces` and the end of the connection; null if Node does not see a whole request.
 */
function readByNode(pieces: readonly string[]): Promise<Reading | null> {
  return new Promise((resolve) => {
    const server = createServer({ maxHeaderSize: headBytesMax, requireHostHeader: false });
    server.maxHeadersCount = 0;
    // Its timer would keep the process alive.
    server.close();
    const connection = new Duplex({
      read() {},
      write(_chunk, _encoding, done) {
        done();
      },
    });
    const onRequest = (request: IncomingMessage) => {
      let body = '';
      request.setEncoding('latin1').on('data', (part: string) => {
        body += part;
      });
      request.on('error', () => resolve(null));
      request.on('end', () => resolve(reading(request, body)));
    };
    server.on('clientError', () => resolve(null));
    for (const event of ['request', 'checkContinue', 'checkExpectation', 'upgrade', 'connect'])
      server.on(event, onRequest);
    server.emit('connection', connection);
    connection.on('close', () => resolve(null));
    for (const piece of pieces) connection.push(Buffer.from(piece, 'latin1'));
    connection.push(null);
  });
}

function reading(request: IncomingMessage, body: string): Reading {
  const raw = request.rawHeaders.map((part, i) => (i % 2 === 0 ? part.toLowerCase() : part));
  const target = readTarget(request.url ?? '');
  const connection = (request.headers.connection ?? '').toLowerCase().split(/\s*,\s*/);
  const http11 = request.httpVersion === '1.1';
  return {
    method: request.method ?? '',
    http11,
    path: target.path,
    authority: plainAuthority(target.authority ?? request.headers.host ?? ''),
    headers: withoutHopByHop(raw, new Set(['host', 'content-length', 'expect'])),
    body,
    persistent: !connection.includes('close') && (http11 || connection.includes('keep-alive')),
  };
}

function readByUs(pieces: readonly string[]): (Reading & { read: number }) | null {
  try {
    const { method, http11, path, authority, headers, body, persistent, read, refused, ended } = readRequest(
      pieces,
      headBytesMax,
    );
    if (refused !== null || !ended) return null;
    return { method, http11, path, authority, headers, body, persistent, read };
  } catch (thrown) {
    assert.ok(thrown instanceof MeshError, String(thrown));
    return null;
  }
}

/** A valid request. */
function request(): string {
  const empty = one(['', '', '', '\r\n', '\r\n\r\n']);
  const method = one(['GET', 'GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH', 'TRACE', 'QUERY', 'M-SEARCH']);
  const target =
    `${one(['/', '/', '//', 'http://other:8080/', 'HTTP://Other/', '/../', '/a/./'])}${text(below(30), 'abc/.-_~%41?=&;+')}`
      // Valid targets that the mesh refuses have tests of their own.
      .replace(/%(?!41)/g, 'x')
      .replaceAll('.;', '.a');
  const version = one(['HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0']);
  const host = `${one(['Host', 'host', 'HOST'])}:${one(['', ' ', '  '])}${one(['shop', 'Shop.example:80', '[::1]:8080', '10.0.0.1'])}\r\n`;
  const connection = one([
    '',
    '',
    'Connection: close\r\n',
    'Connection: Keep-Alive, X-A\r\n',
    'connection: keep-alive\r\nConnection: x_b\r\n',
  ]);
  const body = text(one([0, 0, 1, below(100), below(3000)]), 'ab\r\n0\0\xff ');
  const byChunks = version === 'HTTP/1.1' && one([true, false]);
  const length =
    body === '' ? one(['', 'Content-Length: 0\r\n']) : `Content-Length: ${one(['', '00'])}${body.length}\r\n`;
  const framing = byChunks ? `Transfer-Encoding: ${one(['chunked', 'Chunked', ' chunked '])}\r\n` : length;
  const content = byChunks ? chunked(body) : body;
  return `${empty}${method} ${target} ${version}\r\n${fields()}${host}${connection}${framing}${fields()}\r\n${content}`;
}

test(`${rounds} random requests, cut at random, are read byte for byte as by Node's own parser`, async () => {
  for (let round = 0; round < rounds; round += 1) {
    const raw = request();
    const pieces = cut(raw);
    const ours = readByUs(pieces);
    assert.notEqual(ours, null, `refused: ${JSON.stringify(pieces)}`);
    assert.deepEqual(ours, { ...(await readByNode(pieces)), read: raw.length }, JSON.stringify(pieces));
  }
});

test(`of ${rounds} damaged requests, none is accepted that Node refuses or reads differently`, async () => {
  let taken = 0;
  for (let round = 0; round < rounds; round += 1) {
    const hurt = injured(request());
    const pieces = cut(hurt);
    const ours = readByUs(pieces);
    if (ours === null) continue;
    taken += 1;
    const theirs = await readByNode([hurt.slice(0, ours.read)]);
    assert.deepEqual(ours, { ...theirs, read: ours.read }, JSON.stringify(pieces));
  }
  // Otherwise this test would show nothing.
  assert.ok(taken > rounds / 10, `${taken} were taken`);
});
