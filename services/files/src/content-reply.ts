import type { ContentFolder } from '@banyan/kit/content';
import { ServiceError } from '@banyan/kit/errors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { shownImages } from './content-type.ts';
import type { File } from './domain.ts';

/** Larger than Node's own pieces: a file takes fewer turns of the event loop. */
const chunkBytes = 256 * 1024;

/**
 * Sends the content of a file, a piece at a time. Browsers show images, and only those that can run nothing: a drawing is
 * a download. Content was checked when it arrived.
 *
 * @throws ServiceError `not_found` when the content is elsewhere, or missing
 */
export async function sendContent(
  folder: ContentFolder,
  file: File,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const hash = file.contentHash;
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
  const handle = await folder.open(hash);
  const isWhole = handle !== undefined && (await handle.stat()).size === file.size;
  if (!isWhole) {
    await handle?.close();
    request.log.error({ file: file.id, hash }, 'content is missing');
    throw notFound('The content of this file is missing');
  }
  const whole = { ...headers, 'content-type': file.mimeType, 'content-length': file.size };
  return reply.headers(whole).send(handle.createReadStream({ highWaterMark: chunkBytes }));
}

const notFound = (detail: string) => new ServiceError('not_found', { detail });

/** RFC 6266: a plain name for old clients, and the whole name. */
function disposition({ mimeType, name }: File): string {
  const kind = shownImages.has(mimeType) ? 'inline' : 'attachment';
  const plain = name.replaceAll(/[^\w .()-]/g, '_');
  const whole = encodeURIComponent(name).replaceAll(/['()*]/g, (one) => `%${one.charCodeAt(0).toString(16)}`);
  return `${kind}; filename="${plain}"; filename*=UTF-8''${whole}`;
}
