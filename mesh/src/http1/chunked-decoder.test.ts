import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MeshError } from '../errors.ts';
import { ChunkedDecoder } from './chunked-decoder.ts';

const fault = () => new MeshError('bad_request', 'not chunked');
const chunk = (content: Uint8Array) =>
  Buffer.concat([Buffer.from(`${content.byteLength.toString(16)}\r\n`), content, Buffer.from('\r\n')]);

test('short chunks that arrive together are passed on together', () => {
  const decoder = new ChunkedDecoder(1000, fault);
  const message = Buffer.concat([...Array.from({ length: 1000 }, () => chunk(Buffer.from('x'))), Buffer.from('0\r\n')]);
  const pieces: string[] = [];
  assert.equal(
    decoder.read(message, 0, (bytes) => pieces.push(String(bytes)) > 0),
    message.length,
  );
  assert.deepEqual(pieces, ['x'.repeat(1000)]);
  assert.equal(decoder.done, true);
});

test('content before a fault is passed on', () => {
  const decoder = new ChunkedDecoder(1000, fault);
  const pieces: string[] = [];
  const message = Buffer.from('1\r\na\r\n1\r\nb\r\nno size');
  assert.throws(() => decoder.read(message, 0, (bytes) => pieces.push(String(bytes)) > 0), MeshError);
  assert.deepEqual(pieces, ['ab']);
});

test('any chunks, cut anywhere, give the same content and leave the bytes behind them unread', () => {
  const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 3000, max: 9000 })), {
    maxLength: 30,
  });
  fc.assert(
    fc.property(sizes, fc.array(fc.nat({ max: 100_000 }), { maxLength: 8 }), (lengths, cuts) => {
      const contents = lengths.map((length, i) => Buffer.from(Uint8Array.from({ length }, (_, at) => (i + at) % 256)));
      const coded = Buffer.concat([...contents.map(chunk), Buffer.from('0\r\n')]);
      const message = Buffer.concat([coded, Buffer.from('\r\nGET / HTTP/1.1')]);
      const decoder = new ChunkedDecoder(1000, fault);
      const pieces: Buffer[] = [];
      let read = 0;
      const ends = [...cuts.map((cut) => cut % message.length), message.length].sort((a, b) => a - b);
      for (const end of ends) {
        if (end <= read) continue;
        const part = Buffer.from(message.subarray(read, end));
        const stopped = decoder.read(part, 0, (bytes) => pieces.push(Buffer.from(bytes)) > 0);
        if (decoder.done) assert.ok(part.subarray(stopped).equals(message.subarray(read + stopped, end)));
        read += stopped;
        if (decoder.done) break;
      }
      assert.equal(read, coded.length);
      assert.ok(Buffer.concat(pieces).equals(Buffer.concat(contents)));
    }),
  );
});
