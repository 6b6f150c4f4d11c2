import { STATUS_CODES } from 'node:http';
import { type FailureCode, failures } from '../errors.ts';
import type { RequestHead } from './request-head.ts';

interface Refusal {
  code: FailureCode;
  detail: string;
  status: number;
}

/** Why a request with this head gets no further than its connection; null if it is handled. */
export function refusalOf({ expects, method, refused }: RequestHead): Refusal | null {
  if (expects === 'other' && refused === null) {
    return { code: 'bad_request', detail: 'Only 100-continue can be expected here.', status: 417 };
  }
  if (method === 'CONNECT') {
    const code = 'not_implemented';
    return { code, detail: 'CONNECT is not served here.', status: failures[code].status };
  }
  return null;
}

/** The last reply of a connection: its input was not a request. HEAD gets no content (RFC 9110 section 9.3.2). */
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
