import { STATUS_CODES } from 'node:http';
import type { Headers } from '../headers.ts';
import type { Framing } from '../http1/message-parser.ts';
import { httpDate } from './http-date.ts';

/** What a reply answers. */
export interface Asked {
  method: string;
  /** Else HTTP/1.0, which knows no chunks. */
  http11: boolean;
  /** What the client waits for before it sends its body. */
  expects: 'nothing' | '100-continue' | 'other';
}

/** A reply's head as it goes out. */
export interface ReplyHead {
  /** Latin1, empty line included. */
  text: string;
  framing: Framing;
  /** Content-Length, where the framing is by that. */
  length: number;
  /** The connection ends with this reply. */
  close: boolean;
}

const statusLines = new Map(
  Object.entries(STATUS_CODES).map(([status, phrase]) => [Number(status), `HTTP/1.1 ${status} ${phrase}\r\n`]),
);

/** Written anew for this connection, whatever the reply carries. */
const own: ReadonlySet<string> = new Set(['connection', 'keep-alive', 'transfer-encoding']);
/** What no field value may have (RFC 9110 section 5.5): here would another reply begin. */
const notInValue = /[^\t\x20-\x7e\x80-\xff]/;

/**
 * The head of a reply to `asked`, with the framing of its content (RFC 9112 section 6.3).
 *
 * @param keepAlive the field lines that say that, and for how long, the connection stays open
 * @throws Error where a field cannot be sent, or the length is not plain: a defect of whoever made the reply
 */
export function replyHead(
  status: number,
  headers: Headers,
  asked: Asked,
  close: boolean,
  keepAlive: string,
): ReplyHead {
  let text = statusLines.get(status) ?? `HTTP/1.1 ${status} \r\n`;
  const contentless = status === 204 || status === 304;
  let length = -1;
  let dated = false;
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string;
    const value = headers[i + 1] as string;
    if (name === 'content-length') {
      if (length >= 0 || !/^\d{1,15}$/.test(value)) throw new Error('A reply has one Content-Length.');
      length = Number(value);
      if (status === 204) continue;
    } else if (own.has(name)) continue;
    else if (name === 'date') dated = true;
    if (notInValue.test(value)) throw new Error(`The field ${name} of a reply has characters that cannot be sent.`);
    text += `${name}: ${value}\r\n`;
  }
  // Whoever receives a message without one records when it came (RFC 9110 section 6.6.1).
  if (!dated) text += `date: ${httpDate(Date.now())}\r\n`;
  const framing = framingOf(contentless || asked.method === 'HEAD', length, asked.http11);
  if (framing === 'chunked') text += 'transfer-encoding: chunked\r\n';
  const ends = close || framing === 'close';
  return { text: text + (ends ? 'connection: close\r\n\r\n' : keepAlive), framing, length, close: ends };
}

/** The head of an interim reply (RFC 9110 section 15.2). @param headers as they were read from a service */
export function interimHead(status: number, headers: Headers): string {
  let text = statusLines.get(status) ?? `HTTP/1.1 ${status} \r\n`;
  for (let i = 0; i < headers.length; i += 2) text += `${headers[i]}: ${headers[i + 1]}\r\n`;
  return `${text}\r\n`;
}

function framingOf(contentless: boolean, length: number, http11: boolean): Framing {
  if (contentless) return 'none';
  if (length >= 0) return 'length';
  return http11 ? 'chunked' : 'close';
}
