import { STATUS_CODES } from 'node:http';
import type { Headers } from '../headers.ts';
import type { Framing } from '../http1/message-parser.ts';
import { httpDate } from './http-date.ts';

/** The facts about a request that its reply depends on. */
export interface Asked {
  method: string;
  /** False for HTTP/1.0, which has no chunks. */
  http11: boolean;
  /** The client waits for "100 Continue" before it sends its body. */
  expects: 'nothing' | '100-continue' | 'other';
}

/** The head of a reply as sent. */
export interface ReplyHead {
  /** Latin1, with the empty line at the end. */
  text: string;
  framing: Framing;
  /** Content-Length, if that is the framing. */
  length: number;
  /** The connection closes after this reply. */
  close: boolean;
}

const statusLines = new Map(
  Object.entries(STATUS_CODES).map(([status, phrase]) => [Number(status), `HTTP/1.1 ${status} ${phrase}\r\n`]),
);

/** These fields are written for this connection, whatever the reply contains. */
const own: ReadonlySet<string> = new Set(['connection', 'keep-alive', 'transfer-encoding']);
/** Characters that no field value may have (RFC 9110 section 5.5): they could begin another reply. */
const notInValue = /[^\t\x20-\x7e\x80-\xff]/;

/**
 * The head of a reply to `asked`, with the framing of its content (RFC 9112 section 6.3).
 *
 * @param keepAlive the field lines that say that the connection stays open, and for how long
 * @throws Error if a field cannot be sent, or the length is not a number: a defect in the maker of the reply
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
  // A recipient of a message without a date would add its own (RFC 9110 section 6.6.1).
  if (!dated) text += `date: ${httpDate(Date.now())}\r\n`;
  const framing = framingOf(contentless || asked.method === 'HEAD', length, asked.http11);
  if (framing === 'chunked') text += 'transfer-encoding: chunked\r\n';
  const ends = close || framing === 'close';
  return { text: text + (ends ? 'connection: close\r\n\r\n' : keepAlive), framing, length, close: ends };
}

/** The head of an interim reply (RFC 9110 section 15.2). @param headers as read from a service */
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
