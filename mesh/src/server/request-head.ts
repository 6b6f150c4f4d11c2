import { MeshError } from '../errors.ts';
import { type Headers, hopByHop, withoutHopByHop } from '../headers.ts';
import { fieldReader } from '../http1/fields.ts';
import type { Dialect, Framing } from '../http1/message-parser.ts';
import { authorityOf } from './authority.ts';
import { requestFault } from './request-fault.ts';
import { checkBeginning, type RequestLine, readRequestLine } from './request-line.ts';
import { readTarget } from './target.ts';

/** The head of a request. */
export interface RequestHead {
  method: string;
  /** Else HTTP/1.0. */
  http11: boolean;
  /** Origin form, in normal form. */
  path: string;
  /** Lower case, no dot at the end of the host. */
  authority: string;
  /** As the layers are to have them: without what is about this connection, or written anew for the next one. */
  headers: Headers;
  framing: Framing;
  length: number | null;
  /** Whether the client wants to go on using the connection. */
  persistent: boolean;
  /** The client wants to switch to WebSocket. */
  webSocket: boolean;
  /** The client waits to be told to send its body; `other` is an expectation that nobody here can meet. */
  expects: 'nothing' | '100-continue' | 'other';
  /** It is HTTP, but cannot be served: the other members say no more than is certain then. */
  refused: MeshError | null;
}

/** Header fields of one request at most. */
export const headerCountMax = 100;

/** Not handed on as fields: they are written anew for the upstream from `authority` and the body. */
const rewritten: ReadonlySet<string> = new Set(['host', 'content-length', 'expect']);

/** The fields that somebody looks at here, hop-by-hop ones among them; nearly all others just travel. */
const special: ReadonlySet<string> = new Set([...rewritten, ...hopByHop]);

const readFields = fieldReader(requestFault, 'fault');

/** Requests, as the parser of messages is to read them. */
export const requests: Dialect<RequestHead> = {
  fault: requestFault,
  readFields,
  emptyLines: true,
  checkBeginning,
  readHead,
  isInterim: () => false,
};

/**
 * Reads a request's head: the request line and the field lines, every line ended by CRLF.
 *
 * @throws MeshError where it is not HTTP/1: bad_request. Where it is, and is refused all the same, `refused` says why:
 * bad_request, headers_too_large, not_implemented
 */
export function readHead(text: string): RequestHead {
  const lineEnd = text.indexOf('\r\n');
  const line = readRequestLine(text, lineEnd);
  const fields = readFields(text, lineEnd + 2);
  const head: RequestHead = {
    method: line.method,
    http11: line.http11,
    path: '/',
    authority: '',
    headers: [],
    framing: 'none',
    length: null,
    persistent: line.http11,
    webSocket: false,
    expects: 'nothing',
    refused: null,
  };
  try {
    fill(head, line, fields);
  } catch (thrown) {
    head.refused = thrown as MeshError;
    head.framing = 'none';
  }
  return head;
}

/** One pass over the fields, which are what most of a head is. */
function fill(head: RequestHead, { target: raw, http11 }: RequestLine, fields: Headers): void {
  if (fields.length > headerCountMax * 2) {
    throw new MeshError('headers_too_large', `A request may have ${headerCountMax} header fields at most.`);
  }
  let host: string | null = null;
  let connection = '';
  let upgrade = '';
  let framed = false;
  const { headers } = head;
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string;
    const value = fields[i + 1] as string;
    if (!special.has(name)) {
      headers.push(name, value);
      continue;
    }
    switch (name) {
      case 'host':
        if (host !== null) throw refused('A request must have one Host field.');
        host = value;
        break;
      case 'content-length':
        if (framed || !/^\d{1,15}$/.test(value)) throw ambiguous();
        framed = true;
        head.length = Number(value);
        head.framing = head.length === 0 ? 'none' : 'length';
        break;
      case 'transfer-encoding':
        if (framed || !http11) throw ambiguous();
        framed = true;
        checkCoding(value);
        head.framing = 'chunked';
        break;
      case 'connection':
        connection = connection === '' ? value : `${connection},${value}`;
        break;
      case 'upgrade':
        upgrade = upgrade === '' ? value : `${upgrade},${value}`;
        break;
      case 'expect':
        head.expects = value.toLowerCase() === '100-continue' && head.expects !== 'other' ? '100-continue' : 'other';
        break;
    }
  }
  // By far the two most common values name no field.
  if (connection !== '' && connection !== 'keep-alive' && connection !== 'close') {
    head.headers = withoutHopByHop(fields, rewritten);
  }
  if (connection !== '') head.persistent = persists(connection, http11);
  if (host === null && http11) throw refused('A request must have a Host field.');
  const target = readTarget(raw);
  head.path = target.path;
  head.authority = authorityOf(target.authority, host ?? '', http11);
  // HTTP/1.0 knows no expectations, and who has no body to send waits for nothing (RFC 9110 section 10.1.1).
  if (!http11) head.expects = 'nothing';
  else if (head.expects === '100-continue' && head.framing === 'none') head.expects = 'nothing';
  if (upgrade !== '' && head.method === 'GET' && http11 && upgrade.toLowerCase() === 'websocket') {
    head.webSocket = hasOption(connection, 'upgrade');
    if (head.webSocket && head.framing !== 'none') throw refused('An upgrade must not have a body.');
  }
}

function refused(detail: string): MeshError {
  return new MeshError('bad_request', detail);
}

function ambiguous(): MeshError {
  return refused('The length of the request body is ambiguous.');
}

function checkCoding(value: string): void {
  const codings = value.toLowerCase();
  if (codings === 'chunked') return;
  // Without chunked at the end nothing says where the body ends (RFC 9112 section 6.3).
  if (!/[,\s]chunked$/.test(codings)) throw ambiguous();
  // Chunked twice is no coding at all; others would reach the upstream undone and undeclared.
  if (/(?:^|[,\s])chunked[,\s]/.test(codings)) throw ambiguous();
  throw new MeshError('not_implemented', 'The only transfer coding understood here is chunked.');
}

function hasOption(connection: string, option: string): boolean {
  return connection
    .toLowerCase()
    .split(',')
    .some((listed) => listed.trim() === option);
}

function persists(connection: string, http11: boolean): boolean {
  if (hasOption(connection, 'close')) return false;
  return http11 || hasOption(connection, 'keep-alive');
}
