import { MeshError } from '../../errors.ts';
import type { UpstreamRequest } from '../request.ts';

/** RFC 9110 section 5.6.2. */
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** A character beyond 0xff would be truncated to its low byte, which may be a line feed. */
const notInValue = /[^\t\x20-\x7e\x80-\xff]/;
const notInTarget = /[^\x21-\x7e\x80-\xff]/;

/** These fields are written for this connection, whatever the exchange contains. */
const ownFields = ['host', 'connection', 'keep-alive', 'content-length', 'transfer-encoding', 'upgrade', 'expect'];
/** Whether fields of a name are forwarded. Names repeat, and a look-up is cheaper than a check. */
const passedOn = new Map<string, boolean>(ownFields.map((name) => [name, false]));
/** The bound keeps clients from filling the memory with names that they invent. */
const namesMax = 1024;

/** Methods with content. Without any, the head says `content-length: 0` (RFC 9110 section 8.6). */
const expectContent: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);

/**
 * The head of a request as sent, with the empty line; latin1.
 *
 * @throws MeshError bad_request: when a part of it would be read as something else by the service
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
