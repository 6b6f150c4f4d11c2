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
  /** False for HTTP/1.0. */
  http11: boolean;
  /** Origin form, in normal form. */
  path: string;
  /** Lower case, without a trailing dot of the host. */
  authority: string;
  /** For the layers: without fields about this connection and fields that are written for the next one. */
  headers: Headers;
  framing: Framing;
  length: number | null;
  /** Whether the client wants to keep the connection open. */
  persistent: boolean;
  /** The client wants to switch to WebSocket. */
  webSocket: boolean;
  /** `100-continue`: the client waits before it sends its body. `other`: an expectation that the mesh cannot meet. */
  expects: 'nothing' | '100-continue' | 'other';
  /** Why valid HTTP is refused all the same. The other members hold only what is certain then. */
  refused: MeshError | null;
}

/** The maximum number of header fields of a request. */
export const headerCountMax = 100;

/** Not passed on as fields. The upstream's are written from `authority` and the body. */
const rewritten: ReadonlySet<string> = new Set(['host', 'content-length', 'expect']);

/** Fields with a meaning for the mesh, hop-by-hop fields among them. Nearly all others are passed on unread. */
const special: ReadonlySet<string> = new Set([...rewritten, ...hopByHop]);

const readFields = fieldReader(requestFault, 'fault');

/** Requests, for the message parser. */
export const requests: Dialect<RequestHead> = {
  fault: requestFault,
  readFields,
  emptyLines: true,
  checkBeginning,
  readHead,
  isInterim: () => false,
};

/**
 * Reads a request's head: the request line and the field lines, where every line ends in CRLF. A head that is valid
 * HTTP but refused all the same returns `refused` with its code: bad_request, headers_too_large, not_implemented.
 *
 * @throws MeshError bad_request: when the head is not HTTP/1
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

/** One pass over the fields, which make up most of a head. */
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
  // The two most common values, which name no field.
  if (connection !== '' && connection !== 'keep-alive' && connection !== 'close') {
    head.headers = withoutHopByHop(fields, rewritten);
  }
  if (connection !== '') head.persistent = persists(connection, http11);
  if (host === null && http11) throw refused('A request must have a Host field.');
  const target = readTarget(raw);
  head.path = target.path;
  head.authority = authorityOf(target.authority, host ?? '', http11);
  // HTTP/1.0 has no expectations, and a client without a body waits for nothing (RFC 9110 section 10.1.1).
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
  // Without chunked as the last coding, the end of the body is unknown (RFC 9112 section 6.3).
  if (!/[,\s]chunked$/.test(codings)) throw ambiguous();
  // Chunked twice is not valid. The upstream would get any other coding undone and undeclared.
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
