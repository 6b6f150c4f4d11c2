import { MeshError } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import { headerValues, setHeader } from '../headers.ts';
import { localReply, type Reply } from '../reply.ts';

const name = 'max-forwards';
/** A larger number is passed on as this one, which is large enough. */
const forwardsMax = 999_999_999;

/** Fields that a reply to TRACE repeats. Other fields may be secret (RFC 9110 section 9.3.8). */
const repeated =
  /^(?:accept(?:-encoding|-language)?|forwarded|max-forwards|user-agent|via|x-forwarded-.*|x-request-id)$/;

/**
 * Decrements Max-Forwards of a TRACE or OPTIONS (RFC 9110 section 7.6.2). At zero, the mesh replies itself, as the
 * final recipient.
 *
 * @returns null if the request goes on
 * @throws MeshError bad_request: when the field is not a single number
 */
export function replyAtLastForward(exchange: Exchange): Reply | null {
  const { method, headers } = exchange;
  if (method !== 'OPTIONS' && method !== 'TRACE') return null;
  const values = headerValues(headers, name);
  const [value] = values;
  if (value === undefined) return null;
  if (values.length > 1 || !/^\d+$/.test(value)) {
    throw new MeshError('bad_request', 'Max-Forwards must be one whole number.');
  }
  const left = Number(value);
  if (left > 0) {
    setHeader(headers, name, String(Math.min(left - 1, forwardsMax)));
    return null;
  }
  return method === 'TRACE'
    ? localReply(200, ['content-type', 'message/http'], trace(exchange))
    : localReply(204, [], '');
}

function trace({ path, authority, headers }: Exchange): Uint8Array {
  let text = `TRACE ${path} HTTP/1.1\r\nhost: ${authority}\r\n`;
  for (let i = 0; i < headers.length; i += 2) {
    if (repeated.test(headers[i] as string)) text += `${headers[i]}: ${headers[i + 1]}\r\n`;
  }
  return Buffer.from(`${text}\r\n`, 'latin1');
}
