import type { Headers } from '../../headers.ts';
import { fieldReader } from '../../http1/fields.ts';
import type { Dialect, Framing } from '../../http1/message-parser.ts';
import { replyFault } from './fault.ts';

/** The head of a reply, checked. */
export interface ResponseHead {
  status: number;
  /** All fields in the order received, names in lower case. */
  headers: Headers;
  framing: Framing;
  /** Content-Length; null if there is none. HEAD and 304 announce content that is not sent. */
  length: number | null;
  /** Whether this head allows the connection to be used again. */
  persistent: boolean;
  /** `Keep-Alive: timeout`, ms; null if the service does not say how long it keeps an unused connection. */
  keepAliveMs: number | null;
}

/** Some readers treat a tab around a value as whitespace, others as a part of it. Then only some see the chunks. */
const plainlyChunked = /\r\ntransfer-encoding[\t ]*: *chunked *\r\n/i;
const readFields = fieldReader(replyFault, 'dropped');
const statusLine = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?$/;

/**
 * Reads a reply's head: `text` is the status line and the field lines, where every line ends in CRLF.
 *
 * Heads that leave the end of the reply ambiguous are refused (RFC 9112 section 6.3): several lengths, a length that is
 * not a number, a length beside a transfer coding, codings other than chunked, a coding from an HTTP/1.0 server.
 *
 * @throws MeshError upstream_garbage
 */
export function readResponseHead(text: string, method: string): ResponseHead {
  const lineEnd = text.indexOf('\r\n');
  const line = statusLine.exec(text.slice(0, lineEnd));
  if (line === null) throw replyFault('BAD_STATUS_LINE');
  const http11 = line[1] === '1';
  const status = Number(line[2]);
  const headers = readFields(text, lineEnd + 2);

  let length: number | null = null;
  let chunked = false;
  let persistent = http11;
  let keepAliveMs: number | null = null;
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string;
    const value = headers[i + 1] as string;
    switch (name) {
      case 'content-length':
        if (length !== null) throw replyFault('AMBIGUOUS_LENGTH');
        if (!/^\d{1,15}$/.test(value)) throw replyFault('BAD_CONTENT_LENGTH');
        length = Number(value);
        break;
      case 'transfer-encoding':
        if (chunked || !http11 || !plainlyChunked.test(text)) throw replyFault('BAD_TRANSFER_ENCODING');
        if (value.toLowerCase() !== 'chunked') throw replyFault('BAD_TRANSFER_ENCODING');
        chunked = true;
        break;
      case 'connection':
        if (value !== 'keep-alive' && hasClose(value)) persistent = false;
        break;
      case 'keep-alive':
        keepAliveMs = timeoutOf(value);
        break;
    }
  }
  if (chunked && length !== null) throw replyFault('AMBIGUOUS_LENGTH');
  const framing = framingOf(method, status, chunked, length);
  // These replies have no content whatever their fields say (RFC 9110 section 6.4.1), but a server that announces
  // content may send it.
  const mayHaveMore = (status === 204 && (chunked || (length ?? 0) > 0)) || (status === 304 && chunked);
  if (framing === 'close' || mayHaveMore) persistent = false;
  return { status, headers, framing, length, persistent, keepAliveMs };
}

function framingOf(method: string, status: number, chunked: boolean, length: number | null): Framing {
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return 'none';
  if (chunked) return 'chunked';
  if (length === null) return 'close';
  return length === 0 ? 'none' : 'length';
}

function hasClose(value: string): boolean {
  return value
    .toLowerCase()
    .split(',')
    .some((option) => option.trim() === 'close');
}

let lastKeepAlive = '';
let lastTimeoutMs: number | null = null;

/** The last value is cached, because a service sends the same one with every reply. */
function timeoutOf(value: string): number | null {
  if (value === lastKeepAlive) return lastTimeoutMs;
  const seconds = /(?:^|[,\s])timeout\s*=\s*(\d{1,9})/i.exec(value)?.[1];
  lastKeepAlive = value;
  lastTimeoutMs = seconds === undefined ? null : Number(seconds) * 1000;
  return lastTimeoutMs;
}

/** Replies, for the message parser. */
export const replies: Dialect<ResponseHead> = {
  fault: replyFault,
  readFields,
  emptyLines: false,
  checkBeginning(text) {
    if (!'HTTP/1.'.startsWith(text.slice(0, 7))) throw replyFault('BAD_STATUS_LINE');
  },
  readHead(text, method) {
    const head = readResponseHead(text, method);
    // Requests here never ask for another protocol: upgrades have connections of their own.
    if (head.status === 101) throw replyFault('UNEXPECTED_SWITCH');
    // HTTP/1.0 has no interim replies (RFC 9110 section 15.2), and nothing may follow one that closes.
    if (head.status < 200 && !head.persistent) throw replyFault('BAD_INTERIM');
    return head;
  },
  isInterim: (head) => head.status < 200,
};
