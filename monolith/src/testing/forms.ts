import type { Reply, TestShop } from './open-shop.ts';

/** A part of a form; with `fileName`, a file. */
export interface Part {
  name: string;
  value: string | Buffer;
  fileName?: string;
}

export const testBoundary = '----test-boundary-7f3a';

/** A multipart body (RFC 7578), whole or without its end. */
export function multipartBody(parts: readonly Part[], { end = true } = {}): Buffer {
  const pieces = parts.flatMap(({ name, value, fileName }) => [
    `--${testBoundary}\r\nContent-Disposition: form-data; name="${name}"`,
    fileName === undefined ? '' : `; filename="${fileName}"\r\nContent-Type: application/octet-stream`,
    '\r\n\r\n',
    value,
    '\r\n',
  ]);
  return Buffer.concat([...pieces, end ? `--${testBoundary}--\r\n` : ''].map((piece) => Buffer.from(piece)));
}

/** Posts a form to `/v2/files`. `type` replaces the content type; `payload` the body that `parts` make. */
export async function postForm(
  { app, adminToken }: TestShop,
  parts: readonly Part[],
  { type = `multipart/form-data; boundary=${testBoundary}`, payload = multipartBody(parts) as Buffer | string } = {},
): Promise<Reply> {
  const headers = { authorization: adminToken, 'content-type': type };
  const reply = await app.inject({ method: 'POST', url: '/v2/files', headers, payload });
  return { status: reply.statusCode, body: reply.json() };
}

/** Uploads a file and returns its id. */
export async function uploadFile(shop: TestShop, content: Buffer | string, fileName = 'test.bin', isPublic = true) {
  const { status, body } = await postForm(shop, [
    { name: 'public', value: String(isPublic) },
    { name: 'file', value: content, fileName },
  ]);
  if (status !== 201) throw new Error(JSON.stringify(body));
  return body.data.id as string;
}
