import type { Headers } from '../../../headers.ts';
import { MessageParser } from '../../../http1/message-parser.ts';
import { replies } from '../response-head.ts';

/** What a listener heard of one reply. Content is latin1. */
export interface Heard {
  /** Interim replies. */
  interim: { status: number; headers: Headers }[];
  status: number;
  headers: Headers;
  length: number | null;
  persistent: boolean;
  keepAliveMs: number | null;
  body: string;
  trailers: Headers;
  ended: boolean;
  /** The total number of bytes read. */
  read: number;
}

export interface ReadOptions {
  method: string;
  headBytesMax: number;
  /** The connection ends after the last piece. */
  eof?: boolean;
}

/** Reads one reply from `pieces` (latin1), until it ends. @throws MeshError */
export function readReply(pieces: readonly string[], { method, headBytesMax, eof = false }: ReadOptions): Heard {
  const heard: Heard = {
    interim: [],
    status: 0,
    headers: [],
    length: null,
    persistent: false,
    keepAliveMs: null,
    body: '',
    trailers: [],
    ended: false,
    read: 0,
  };
  const parser = new MessageParser(
    replies,
    {
      onHead({ status, headers, length, persistent, keepAliveMs }) {
        Object.assign(heard, { status, headers, length, persistent, keepAliveMs });
      },
      onInterim({ status, headers }) {
        heard.interim.push({ status, headers });
      },
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
  parser.expect(method);
  for (const piece of pieces) {
    heard.read += parser.read(Buffer.from(piece, 'latin1'));
    if (heard.ended) return heard;
  }
  if (eof) parser.ended();
  return heard;
}
