import type { Clock } from '../clock.ts';
import { type FailureCode, MeshError } from '../errors.ts';
import { Exchange, type Facts } from '../exchange.ts';
import type { Reply } from '../reply.ts';
import { type ReplyOwner, ReplyWriter } from './reply-writer.ts';
import { type BodyCarrier, RequestBody } from './request-body.ts';
import type { RequestHead } from './request-head.ts';

/** A request and its reply. A connection has one at a time. */
export interface Transaction {
  exchange: Exchange;
  body: RequestBody | null;
  reply: ReplyWriter;
  /** The connection closes after this reply: no next request is wanted, or its beginning is not known. */
  last: boolean;
  /** The last byte of the reply has been sent. The request may still be arriving. */
  replied: boolean;
}

/** @param connection carries the body and the reply */
export function transactionOf(
  head: RequestHead,
  facts: Facts,
  connection: BodyCarrier & ReplyOwner,
  clock: Clock,
): Transaction {
  const { method, path, authority, headers, refused, framing, length, persistent, webSocket } = head;
  const expectsContinue = head.expects === '100-continue';
  const body =
    framing === 'none' ? null : new RequestBody({ carrier: connection, facts, length, expectsContinue, clock });
  const upgrade = webSocket ? { protocol: 'websocket' } : null;
  const reply = new ReplyWriter(connection, head);
  const init = { facts, method, path, authority, headers, body, upgrade, refused, expectsContinue, interim: reply };
  return {
    exchange: new Exchange(init),
    body,
    reply,
    last: refused !== null || !persistent || upgrade !== null,
    replied: false,
  };
}

/** Whether the client waits for "100 Continue" before it sends its body. Until then the service is waited for. */
export function awaitsContinue(body: RequestBody | null, reply: ReplyWriter): boolean {
  return (body?.awaited ?? false) && !reply.continued;
}

export function sendReply({ body, reply: writer, last }: Transaction, reply: Reply, draining: boolean): void {
  // A client that still waits for "100 Continue" may or may not send its body: only a new connection is unambiguous.
  const bodyUnwanted = awaitsContinue(body, writer) || (body?.tooLongToReadAway ?? false);
  writer.send(reply, last || bodyUnwanted || draining);
}

/** Refuses the request because of what came after its head. */
export function refuse(transaction: Transaction, error: MeshError): void {
  transaction.last = true;
  transaction.exchange.abort(error);
  transaction.body?.fail(error);
}

export function abortForSlowBody(transaction: Transaction): void {
  transaction.last = true;
  transaction.exchange.abort(clientFailure('client_stalled', 'The request body did not come in time.'));
}

/** Ends a transaction whose connection has closed. */
export function abandon({ body, exchange, replied }: Transaction): void {
  body?.fail(clientFailure('client_closed', 'The client went away while it was sending its body.'));
  if (!replied) exchange.abort(clientFailure('client_closed', 'The client closed the connection.'));
  body?.cancel();
}

function clientFailure(code: FailureCode, detail: string): MeshError {
  return new MeshError(code, detail, { delivery: 'maybe_sent' });
}
