import { STATUS_CODES } from 'node:http';

/**
 * A whole reply, and the last, on a connection on which no request could be made out. One to HEAD has no content (RFC
 * 9110 section 9.3.2).
 */
export function refusalText(status: number, detail: string, method: string): string {
  const title = STATUS_CODES[status] ?? '';
  const body = JSON.stringify({ errors: [{ status, title, detail }] });
  return [
    `HTTP/1.1 ${status} ${title}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
    '',
    method === 'HEAD' ? '' : body,
  ].join('\r\n');
}
