import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { TargetRequest } from '../../drivers/request.ts';
import type { ApiClient } from '../../platform/clients.ts';

export interface Peer {
  url: string;
  pid: number;
  stop(): Promise<void>;
}

/** Starts the peer as a process of its own, as the auth service is one. @throws Error with its last words. */
export async function startPeer(client: ApiClient): Promise<Peer> {
  const file = fileURLToPath(new URL('./peer-server.ts', import.meta.url));
  const child: ChildProcess = spawn(process.execPath, [file, client.client_id, client.client_secret], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, NODE_ENV: 'production' },
  });
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-2000);
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const url = await new Promise<string>((resolve, reject) => {
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
    lines.on('line', (line) => line.startsWith('http://') && resolve(line));
    void ended.then(() => reject(new Error(`oidc-provider did not start: ${said.trim()}`)));
  });
  return {
    url,
    pid: child.pid ?? 0,
    stop: async () => {
      child.stdin?.end();
      await ended;
    },
  };
}

/** The same request at the peer's path, with the scope that its resource server requires. */
export function peerRequest(request: TargetRequest): TargetRequest {
  return { ...request, path: '/token', body: `${request.body}&scope=shop` };
}
