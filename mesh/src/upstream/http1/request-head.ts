import { MeshError } from '../../errors.ts';
import type { UpstreamRequest } from '../request.ts';

/** RFC 9110 section 5.6.2. */
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Beyond 0xff a character would be cut to its low byte, and that may be a line feed. */
const notInValue = /[^\t\x20-\x7e\x80-\xff]/;
const notInTarget = /[^\x21-\x7e\x80-\xff]/;

/** Written anew for this connection, whatever the exchange carries. */
const ownFields = ['host', 'connection', 'keep-alive', 'content-length', 'transfer-encoding', 'upgrade', 'expect'];
/** Whether fields of a name are passed on: names come again and again, and checking one costs more than finding it. */
const passedOn = new Map<string, boolean>(ownFields.map((name) => [name, false]));
/** So that clients cannot fill the memory with names that they make up. */
const namesMax = 1024;

/** Methods by which a server expects content, so that none is said to be there (RFC 9110 section 8.6). */
const expectContent: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);

/**
 * The head of a request as it goes out, empty line included; latin1.
 *
 * @throws MeshError bad_request where a part of it would be read as something else on the other side
 */
export function requestHead({ method, path, authority, headers, body, expectsContinue }: UpstreamRequest): string {
  if (!token.test(method) || notInTarget.test(path) || path === '' || notInValue.test(authority)) throw unfit();
  let head = `${method} ${path} HTTP/1.1\r\nhost: ${authority}\r\nconnection: keep-alive\r\n`;
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string;
    const value = headers[i + 1] as string;
    if (!(passedOn.get(name) ?? isToken(name))) continue;
    if (notInValue.test(value)) throw unfit();
    head += `${name}: ${value}\r\n`;
  }
  if (body === null) return expectContent.has(method) ? `${head}content-length: 0\r\n\r\n` : `${head}\r\n`;
  // The service decides whether it wants the content (RFC 9110 section 10.1.1).
  if (expectsContinue) head += 'expect: 100-continue\r\n';
  if (body.length === null) return `${head}transfer-encoding: chunked\r\n\r\n`;
  return `${head}content-length: ${body.length}\r\n\r\n`;
}

function isToken(name: string): boolean {
  if (!token.test(name)) throw unfit();
  const lower = name.toLowerCase();
  const allowed = !ownFields.includes(lower);
  if (passedOn.size < namesMax) passedOn.set(name, allowed);
  return allowed;
}

function unfit(): MeshError {
  return new MeshError('bad_request', 'The request cannot be passed on as it stands.');
}
