import type { Clock } from '../clock.ts';
import { Exchange, type Facts } from '../exchange.ts';
import { type ReplyOwner, ReplyWriter } from './reply-writer.ts';
import { type BodyCarrier, RequestBody } from './request-body.ts';
import type { RequestHead } from './request-head.ts';

/** A request and its reply, of which one at a time has its turn on a connection. */
export interface Turn {
  exchange: Exchange;
  body: RequestBody | null;
  reply: ReplyWriter;
  /** Where the next request would begin is not known, or not wanted. */
  last: boolean;
  /** The last byte of the reply has gone; the request may still be coming. */
  replied: boolean;
}

/** The turn of the request with `head`, whose body and reply go by `connection`. */
export function turnOf(head: RequestHead, facts: Facts, connection: BodyCarrier & ReplyOwner, clock: Clock): Turn {
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

/** Whether the client waits to be told to send its body. Until then it is the service that is waited for. */
export function awaitsContinue({ body, reply }: Turn): boolean {
  return (body?.awaited ?? false) && !reply.continued;
}
