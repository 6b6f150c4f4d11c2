import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type Behaviour, slowMs } from './instance-behaviour.ts';

/**
 * The program of an instance in a process of its own, for tests that kill it: `node instance-program.ts HOST PORT NAME`.
 * It tells its parent `listening`, and takes the name of a behaviour as a message, which it confirms.
 */

const behaviours: Record<Behaviour, (request: IncomingMessage, response: ServerResponse) => void> = {
  well: (request, response) => answer(request, response),
  fails: (_request, response) => void response.writeHead(503).end('failed'),
  hangs: () => {},
  slow: (request, response) => void setTimeout(() => answer(request, response), slowMs),
  resets: (request) => void request.socket.resetAndDestroy(),
  garbage: (request) => void request.socket.write('\x16\x03\x01 this is not HTTP\r\n\r\n'),
  half: (request, response) => {
    response.writeHead(200, { 'content-length': 100, 'x-instance': name });
    const { socket } = request;
    count += 1;
    response.write('x'.repeat(50), () => void (count % 2 === 0 ? socket.destroy() : socket.resetAndDestroy()));
  },
  halfChunked: (request, response) => {
    response.writeHead(200, { 'x-instance': name });
    response.write('x'.repeat(50), () => void request.socket.destroy());
  },
};

const [host = '', port = '', name = ''] = process.argv.slice(2);
let count = 0;
let behave: (request: IncomingMessage, response: ServerResponse) => void = behaviours.well;

function answer(request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    response.writeHead(200, { 'x-instance': name }).end(`${request.method} ${Buffer.concat(chunks)}`);
  });
}

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  // What is reset or destroyed has nobody to tell.
  request.on('error', () => {});
  response.on('error', () => {});
  behave(request, response);
});
process.on('message', (wanted: Behaviour) => {
  behave = behaviours[wanted];
  process.send?.(wanted);
});
// The parent is gone, however it ended: nobody needs an instance any more.
process.on('disconnect', () => process.exit(0));
server.listen(Number(port), host, () => process.send?.('listening'));
