import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Child, startChild } from '../child.ts';
import { freePorts } from '../free-port.ts';

/** Another proxy before the same upstream. */
export interface Proxy {
  url: string;
  pid: number;
  stop(): Promise<void>;
}

export async function startHttpProxy(upstreamPort: number): Promise<Proxy> {
  const [port = 0] = await freePorts(1);
  const file = fileURLToPath(new URL('./http-proxy-process.ts', import.meta.url));
  const child = await startChild({
    file: process.execPath,
    args: [file, `http://127.0.0.1:${upstreamPort}`, String(port)],
    env: { NODE_ENV: 'production' },
    ready: (line) => line === 'serving',
  });
  return { url: `http://127.0.0.1:${port}`, pid: child.pid, stop: child.stop };
}

/** HAProxy with one thread; null where it is not installed. */
export async function startHaproxy(upstreamPort: number): Promise<Proxy | null> {
  const file = installed('haproxy');
  if (file === null) return null;
  return configured(file, ['-db', '-f'], (port) =>
    [
      'global',
      '  nbthread 1',
      '  maxconn 2000',
      'defaults',
      '  mode http',
      '  option http-keep-alive',
      '  http-reuse always',
      '  timeout connect 1s',
      '  timeout client 60s',
      '  timeout server 60s',
      'frontend edge',
      `  bind 127.0.0.1:${port}`,
      '  option forwardfor',
      '  default_backend shop',
      'backend shop',
      `  server one 127.0.0.1:${upstreamPort} maxconn 256`,
      '',
    ].join('\n'),
  );
}

/** nginx with one worker, in the foreground; null where it is not installed. */
export async function startNginx(upstreamPort: number): Promise<Proxy | null> {
  const file = installed('nginx');
  if (file === null) return null;
  return configured(
    file,
    ['-g', 'daemon off;', '-e', 'stderr', '-c'],
    (port, folder) => `
worker_processes 1; pid ${folder}/pid; error_log stderr crit;
events { worker_connections 1024; }
http {
  access_log off; client_body_temp_path ${folder}/b; proxy_temp_path ${folder}/p; fastcgi_temp_path ${folder}/f;
  uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
  upstream shop { server 127.0.0.1:${upstreamPort}; keepalive 256; keepalive_requests 1000000; }
  server {
    listen 127.0.0.1:${port}; keepalive_requests 1000000;
    location / { proxy_pass http://shop; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header X-Forwarded-For $remote_addr; }
  }
}
`,
  );
}

/**
 * Caddy on one core, keeping connections to the upstream alive, without access log (it has none by default), admin port
 * and certificates; null where it is not installed.
 */
export async function startCaddy(upstreamPort: number): Promise<Proxy | null> {
  const file = installed('caddy');
  if (file === null) return null;
  return configured(
    file,
    ['run', '--adapter', 'caddyfile', '--config'],
    (port, folder) => `
{
  admin off
  auto_https off
  storage file_system ${folder}
  log {
    level ERROR
  }
}
http://:${port} {
  bind 127.0.0.1
  reverse_proxy 127.0.0.1:${upstreamPort} {
    transport http {
      keepalive 60s
      keepalive_idle_conns_per_host 256
    }
  }
}
`,
    (folder) => ({ GOMAXPROCS: '1', XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder }),
  );
}

function installed(name: string): string | null {
  const folders = ['/usr/sbin', '/usr/bin', '/usr/local/sbin', '/usr/local/bin', '/opt/homebrew/bin'];
  return folders.map((folder) => join(folder, name)).find(existsSync) ?? null;
}

async function configured(
  file: string,
  flags: readonly string[],
  write: (port: number, folder: string) => string,
  environment: (folder: string) => Record<string, string> = () => ({}),
): Promise<Proxy> {
  const [port = 0] = await freePorts(1);
  const folder = mkdtempSync(join(tmpdir(), 'proxy-'));
  const config = join(folder, 'config');
  writeFileSync(config, write(port, folder));
  const child: Child = await startChild({
    file,
    args: [...flags, config],
    env: environment(folder),
    ready: null,
    responds: () => accepts(port),
  });
  return {
    url: `http://127.0.0.1:${port}`,
    pid: child.pid,
    stop: async () => {
      await child.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
