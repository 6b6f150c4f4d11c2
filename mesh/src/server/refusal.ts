import { STATUS_CODES } from 'node:http';

/** A whole answer, and the last, on a connection on which no request could be made out. */
export function refusalText(status: number, detail: string): string {
  const title = STATUS_CODES[status] ?? '';
  const body = JSON.stringify({ errors: [{ status, title, detail }] });
  return [
    `HTTP/1.1 ${status} ${title}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
    '',
    body,
  ].join('\r\n');
}
