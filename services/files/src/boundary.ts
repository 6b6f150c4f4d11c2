import type { IncomingMessage } from 'node:http';

/** Two hyphens, a boundary of at most 70 characters (RFC 2046 section 5.1.1), and the line break. */
const maxFirstLine = 2 + 70 + 2;

/**
 * Adds the boundary to a multipart content type that lacks it, as some clients send it: the first line of the body is
 * the boundary. The body can be read as before. Returns whether there is a boundary now.
 */
export async function ensureBoundary(request: IncomingMessage): Promise<boolean> {
  const type = request.headers['content-type'] ?? '';
  if (/;\s*boundary=("[^"]+"|[^\s;"]+)/i.test(type)) return true;
  const [, boundary] = /^--([^\r\n"]{1,70})\r\n/.exec(await firstLine(request)) ?? [];
  if (boundary === undefined) return false;
  request.headers['content-type'] = `multipart/form-data; boundary="${boundary.trimEnd()}"`;
  return true;
}

/** The first bytes of the body: at least the first line, unless the body ends earlier or has no such line. */
function firstLine(request: IncomingMessage): Promise<string> {
  const read: Buffer[] = [];
  return new Promise((resolve) => {
    const settle = () => {
      request.off('readable', look).off('end', settle).off('close', settle).off('error', settle);
      resolve(Buffer.concat(read).toString('latin1'));
    };
    const look = () => {
      const chunk: unknown = request.read();
      if (!Buffer.isBuffer(chunk)) return;
      read.push(chunk);
      const start = Buffer.concat(read);
      if (start.length < maxFirstLine && !start.includes('\r\n')) return;
      // At once: a body that has been read to its end ends with the next tick.
      request.unshift(start);
      settle();
    };
    if (request.readableEnded || request.destroyed) return settle();
    request.on('readable', look).on('end', settle).on('close', settle).on('error', settle);
    look();
  });
}
