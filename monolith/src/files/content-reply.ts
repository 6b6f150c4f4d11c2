import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { notFound } from '../api/faults.ts';
import { ShopError } from '../errors.ts';
import type { Shop } from '../shop.ts';
import type { ContentStore } from './content-store.ts';
import { shownImages } from './content-type.ts';
import type { FileRow } from './file-rows.ts';

/** Larger than Node's own pieces: a file takes fewer turns of the event loop. */
const chunkBytes = 256 * 1024;

/**
 * Sends the content of a file. Browsers show images, and only those that can run nothing: an drawing is a download.
 * @throws ShopError `not_found` when the content is elsewhere, or missing
 */
export async function sendContent(
  shop: Shop,
  store: ContentStore,
  file: FileRow,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const hash = file.content_hash;
  if (hash === null) throw notFound('The content of this file is elsewhere');
  const etag = `"${hash}"`;
  // Set only once nothing can fail: an error must not be cached.
  const headers = {
    etag,
    // The content behind an id never changes.
    'cache-control': file.public ? 'public, max-age=31536000, immutable' : 'private, no-cache',
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; sandbox",
    'content-disposition': disposition(file),
  };
  if (request.headers['if-none-match']?.split(',').some((each) => each.trim() === etag)) {
    return reply.code(304).headers(headers).send();
  }
  const handle = await store.open(hash);
  if (handle === undefined) {
    shop.log.error({ file: file.id, hash }, 'content is missing');
    throw notFound('The content of this file is missing');
  }
  const whole = { ...headers, 'content-type': file.mime_type, 'content-length': file.file_size };
  const body = shop.debts.owed('content-checked-on-read')
    ? await checked(handle, hash)
    : handle.createReadStream({ highWaterMark: chunkBytes });
  return reply.headers(whole).send(body);
}

/**
 * Debt 26: reads and hashes the whole content for every reader.
 * @throws ShopError `internal` when the content has changed on the disk
 */
async function checked(handle: FileHandle, hash: string): Promise<Buffer> {
  try {
    const content = await handle.readFile();
    if (createHash('sha256').update(content).digest('hex') === hash) return content;
    throw new ShopError('internal', {}, { cause: new Error(`The content ${hash} is damaged`) });
  } finally {
    await handle.close();
  }
}

/** RFC 6266: a plain name for old clients, and the whole name. */
function disposition({ mime_type, file_name }: FileRow): string {
  const kind = shownImages.has(mime_type) ? 'inline' : 'attachment';
  const plain = file_name.replaceAll(/[^\w .()-]/g, '_');
  const whole = encodeURIComponent(file_name).replaceAll(/['()*]/g, (one) => `%${one.charCodeAt(0).toString(16)}`);
  return `${kind}; filename="${plain}"; filename*=UTF-8''${whole}`;
}
