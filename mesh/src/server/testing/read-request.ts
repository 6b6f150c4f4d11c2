import type { Headers } from '../../headers.ts';
import { MessageParser } from '../../http1/message-parser.ts';
import { type RequestHead, requests } from '../request-head.ts';

/** What a listener heard of one request. Content is latin1. */
export interface ReadRequest extends RequestHead {
  body: string;
  trailers: Headers;
  ended: boolean;
  /** The total number of bytes read. */
  read: number;
}

/** Reads one request from `pieces` (latin1), until it ends. @throws MeshError; Error if there is no head */
export function readRequest(pieces: readonly string[], headBytesMax: number): ReadRequest {
  const heard = { head: null as RequestHead | null, body: '', trailers: [] as Headers, ended: false, read: 0 };
  const parser = new MessageParser(
    requests,
    {
      onHead(head) {
        heard.head = head;
        if (head.refused !== null) parser.stop();
      },
      onInterim() {},
      onData(bytes) {
        heard.body += bytes.toString('latin1');
      },
      onEnd(trailers) {
        heard.trailers = trailers;
        heard.ended = true;
      },
    },
    headBytesMax,
  );
  parser.expect('');
  for (const piece of pieces) {
    heard.read += parser.read(Buffer.from(piece, 'latin1'));
    if (heard.ended) break;
  }
  const { head, ...rest } = heard;
  const none: RequestHead = {
    method: '',
    http11: false,
    path: '',
    authority: '',
    headers: [],
    framing: 'none',
    length: null,
    persistent: false,
    webSocket: false,
    expects: 'nothing',
    refused: null,
  };
  return { ...(head ?? none), ...rest };
}
