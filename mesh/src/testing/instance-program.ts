import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type Behavior, slowMs } from './instance-behavior.ts';

/**
 * The program of an instance in a process of its own, for tests that kill it: `node instance-program.ts HOST PORT
 * NAME`. It sends `listening` to its parent, takes the name of a behavior as a message, and confirms it.
 */

const behaviors: Record<Behavior, (request: IncomingMessage, response: ServerResponse) => void> = {
  well: (request, response) => respond(request, response),
  fails: (_request, response) => void response.writeHead(503).end('failed'),
  hangs: () => {},
  slow: (request, response) => void setTimeout(() => respond(request, response), slowMs),
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
let behave: (request: IncomingMessage, response: ServerResponse) => void = behaviors.well;

function respond(request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    response.writeHead(200, { 'x-instance': name }).end(`${request.method} ${Buffer.concat(chunks)}`);
  });
}

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  // Errors of connections that are reset or destroyed on purpose.
  request.on('error', () => {});
  response.on('error', () => {});
  behave(request, response);
});
process.on('message', (wanted: Behavior) => {
  behave = behaviors[wanted];
  process.send?.(wanted);
});
// Exits when the parent is gone, however that ended.
process.on('disconnect', () => process.exit(0));
server.listen(Number(port), host, () => process.send?.('listening'));
