import { Agent, createServer } from 'node:http';
import httpProxy from 'http-proxy';

/** A bare http-proxy, given the keep-alive agent without which it opens a connection for every request. */
const [target = '', port = ''] = process.argv.slice(2);
const proxy = httpProxy.createProxyServer({ target, agent: new Agent({ keepAlive: true, maxSockets: 256 }) });
proxy.on('error', (_error, _request, response) => {
  if ('writeHead' in response) response.writeHead(502);
  response.end();
});
createServer((request, response) => proxy.web(request, response)).listen(Number(port), '127.0.0.1', () => {
  console.log('serving');
});
process.on('SIGTERM', () => process.exit(0));
