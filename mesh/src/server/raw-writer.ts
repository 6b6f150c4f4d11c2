import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ClientSink, Reply } from '../reply.ts';

/**
 * Answers on a bare socket: a refused upgrade, for which Node has no response object. The end of the connection
 * delimits the body, and every header field that says otherwise is left out.
 */
export function answerOnSocket(socket: Duplex, reply: Reply): void {
  const lines = [`HTTP/1.1 ${reply.status} ${STATUS_CODES[reply.status] ?? ''}`];
  for (let i = 0; i < reply.headers.length; i += 2) lines.push(`${reply.headers[i]}: ${reply.headers[i + 1]}`);
  lines.push('connection: close', '', '');
  if (socket.destroyed || !socket.writable) {
    reply.body.discard();
    return;
  }
  socket.write(lines.join('\r\n'), 'latin1');
  const sink: ClientSink = {
    write: (bytes) => socket.write(bytes),
    onWritable: (listener) => {
      socket.on('drain', listener);
    },
    end: (last) => {
      if (last === null) socket.end();
      else socket.end(last);
    },
    fail: () => {
      socket.destroy();
    },
  };
  reply.body.pipeTo(sink);
}

/** A whole answer for a connection on which no request could be made out. */
export function refusalText(status: number, title: string, detail: string): string {
  const body = JSON.stringify({ errors: [{ status, title, detail }] });
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? title}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
    '',
    body,
  ].join('\r\n');
}
