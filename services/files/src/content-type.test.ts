import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contentType, shownImages, typeByName } from './content-type.ts';

const typeOf = async (content: string | Buffer) => (await contentType(Buffer.from(content as string))).mimeType;
/** The smallest gif: one pixel. */
const gif = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');

test('content is what its bytes are', async () => {
  assert.deepEqual(await contentType(gif), { mimeType: 'image/gif', dimensions: { width: 1, height: 1 } });
  assert.equal(await typeOf('%PDF-1.4\n'), 'application/pdf');
  assert.equal(await typeOf('plain'), 'text/plain');
  assert.equal(await typeOf(''), 'application/octet-stream');
  assert.equal(await typeOf(Buffer.from([0, 1, 2, 255])), 'application/octet-stream');
  assert.equal(await typeOf('half a character \u{1F600}'.repeat(400)), 'text/plain');
});

test('what could run in a browser is not shown by it', async () => {
  for (const content of [
    '<html><script>alert(1)</script></html>',
    '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    '\ufeff<?xml version="1.0"?><!-- x --><!DOCTYPE svg><svg onload="alert(1)"/>',
    '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><script/></html>',
    '%PDF-1.4 javascript',
  ]) {
    assert.equal(shownImages.has(await typeOf(content)), false, content);
  }
});

test('an image that is broken or claims a size that no image has is an image without a size', async () => {
  // A part of a larger buffer: what follows it belongs to others.
  const cut = gif.subarray(0, 7);
  assert.deepEqual(await contentType(cut), { mimeType: 'image/gif', dimensions: undefined });
  const huge = await contentType(Buffer.from('<svg width="99999999" height="1"/>'));
  assert.deepEqual(huge, { mimeType: 'image/svg+xml', dimensions: undefined });
});

test('only the name of a link tells its type', () => {
  assert.equal(typeByName('a.JPEG'), 'image/jpeg');
  assert.equal(typeByName('a.html'), 'application/octet-stream');
  assert.equal(typeByName('png'), 'application/octet-stream');
});
