import { METHODS } from 'node:http';
import { requestFault } from './request-fault.ts';

/** The methods that Node's parser knows as well. Services would refuse others. */
const methods = new Map(METHODS.map((method) => [method, method]));
const methodLengthMax = Math.max(...METHODS.map(({ length }) => length));

/** The parts of a request line (RFC 9112 section 3). The target has not been checked. */
export interface RequestLine {
  method: string;
  target: string;
  /** False for HTTP/1.0. */
  http11: boolean;
}

/**
 * Reads the request line that begins `text` and ends at `end`. Exactly one space separates its parts, as senders must
 * write it. Lenient readers disagree about which characters are whitespace and which belong to the target.
 *
 * @throws MeshError bad_request
 */
export function readRequestLine(text: string, end: number): RequestLine {
  const afterMethod = text.indexOf(' ');
  const afterTarget = end - ' HTTP/1.1'.length;
  const method = methods.get(text.slice(0, afterMethod));
  if (method === undefined || afterTarget <= afterMethod + 1) throw requestFault('BAD_REQUEST_LINE');
  const http11 = text.startsWith(' HTTP/1.1', afterTarget);
  if (!http11 && !text.startsWith(' HTTP/1.0', afterTarget)) throw requestFault('BAD_REQUEST_LINE');
  const target = text.slice(afterMethod + 1, afterTarget);
  if (target.includes(' ')) throw requestFault('BAD_REQUEST_LINE');
  return { method, target, http11 };
}

/** @throws MeshError bad_request: when a request line cannot begin with `text` */
export function checkBeginning(text: string): void {
  const afterMethod = text.indexOf(' ');
  const begun = afterMethod < 0 ? /^[A-Z-]+$/.test(text) && text.length <= methodLengthMax : false;
  if (!begun && !methods.has(text.slice(0, afterMethod))) throw requestFault('BAD_REQUEST_LINE');
}
