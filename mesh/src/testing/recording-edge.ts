import type { IncomingMessage } from 'node:http';
import { backendRef, meshConfig, route, rule, service } from './config.ts';
import { type Closing, RawClient, type TestMesh, testMesh, until, upstreamServer } from './harness.ts';

/** A request as Node's parser behind the mesh reads it. */
interface Forwarded {
  method: string;
  url: string;
  headers: Record<string, string[]>;
  body: string;
}

/** A mesh with one upstream, which records the requests that it gets. */
export interface RecordingEdge {
  mesh: TestMesh;
  /** All requests so far. */
  forwarded: readonly Forwarded[];
  /** Sends `raw` on one connection and waits until it closes. */
  send(raw: string): Promise<{ received: string; forwarded: Forwarded[] }>;
}

export async function recordingEdge(closing: Closing): Promise<RecordingEdge> {
  const forwarded: Forwarded[] = [];
  const upstream = await upstreamServer(closing, (request, response) =>
    record(request, (whole) => {
      forwarded.push(whole);
      response.end('ok');
    }),
  );
  const mesh = await testMesh(closing, shopConfig(upstream.port), { headTimeoutMs: 1000, idleTimeoutMs: 1000 });
  return {
    mesh,
    forwarded,
    async send(raw) {
      const first = forwarded.length;
      const client = await RawClient.to(mesh.edgePort, closing);
      client.socket.write(raw, 'latin1');
      const received = await client.untilClosed();
      await until(() => mesh.inFlight() === 0, 'no request is in flight');
      return { received, forwarded: forwarded.slice(first) };
    },
  };
}

/** One route for everything, to a service at `port`. */
export function shopConfig(port: number) {
  return meshConfig([service('shop', [port])], [route('all', [rule({ backendRefs: [backendRef('shop')] })])]);
}

function record(request: IncomingMessage, done: (whole: Forwarded) => void): void {
  let body = '';
  request.setEncoding('latin1').on('data', (text: string) => {
    body += text;
  });
  request.on('end', () => {
    const headers: Record<string, string[]> = {};
    for (const [name, values] of Object.entries(request.headersDistinct)) headers[name] = values ?? [];
    done({ method: request.method ?? '', url: request.url ?? '', headers, body });
  });
}

export const crlf = (...lines: string[]) => lines.join('\r\n');
export const post = (...lines: string[]) => crlf('POST /first HTTP/1.1', 'Host: shop', ...lines);
export const get = (...lines: string[]) => crlf('GET /first HTTP/1.1', 'Host: shop', ...lines, '', '');
/** A whole request, to send behind another one. */
export const behind = crlf('GET /smuggled HTTP/1.1', 'Host: shop', 'Connection: close', '', '');
