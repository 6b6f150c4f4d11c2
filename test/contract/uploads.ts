import assert from 'node:assert/strict';
import { crc32, deflateSync } from 'node:zlib';
import type { Api, Reply } from './api.ts';

/** A part of a form; with `fileName`, a file. */
export interface Part {
  name: string;
  value: string | Uint8Array;
  fileName?: string;
}

const boundary = '----a-boundary-of-the-contract';
export const formType = `multipart/form-data; boundary=${boundary}`;

/** A multipart body (RFC 7578), whole or without its end. */
export function formBody(parts: readonly Part[], { end = true } = {}): Uint8Array<ArrayBuffer> {
  const pieces = parts.flatMap(({ name, value, fileName }) => [
    `--${boundary}\r\nContent-Disposition: form-data; name="${name}"`,
    fileName === undefined ? '' : `; filename="${fileName}"\r\nContent-Type: application/octet-stream`,
    '\r\n\r\n',
    value,
    '\r\n',
  ]);
  return Buffer.concat([...pieces, end ? `--${boundary}--\r\n` : ''].map((piece) => Buffer.from(piece as string)));
}

/** The part with the file. */
export const filePart = (value: string | Uint8Array, fileName = 'Red Chair.PNG'): Part => ({
  ...{ name: 'file', value, fileName },
});

/** Sends a form to `/v2/files`. It may be refused. */
export function sendForm({ admin }: Api, parts: readonly Part[], type = formType): Promise<Reply> {
  return admin('POST', '/v2/files', formBody(parts), { 'content-type': type });
}

/** Uploads a file and returns its id. */
export async function upload(api: Api, content: string | Uint8Array, fileName: string, isPublic = true) {
  const { status, body } = await sendForm(api, [
    { name: 'public', value: String(isPublic) },
    filePart(content, fileName),
  ]);
  assert.equal(status, 201, JSON.stringify(body));
  return body.data.id as string;
}

/** A black png (RFC 2083); sides in pixels. */
export function plainPng(width: number, height: number): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  // 8 bits for each sample, gray.
  header.set([8, 0], 8);
  const pixels = deflateSync(Buffer.alloc(height * (width + 1)));
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', pixels), chunk('IEND', Buffer.alloc(0))]);
}

function chunk(name: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(name, 'latin1'), data]);
  const number = (value: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return bytes;
  };
  return Buffer.concat([number(data.length), named, number(crc32(named))]);
}
