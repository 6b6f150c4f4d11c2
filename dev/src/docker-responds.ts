import { existsSync } from 'node:fs';
import { request } from 'node:http';

/** Whether Docker responds: asked directly, since its clients search for many seconds before they give up. */
export function dockerResponds(): Promise<boolean> {
  const host = process.env.DOCKER_HOST ?? 'unix:///var/run/docker.sock';
  const url = URL.canParse(host) ? new URL(host) : null;
  if (url === null) return Promise.resolve(false);
  if (url.protocol === 'unix:' && !existsSync(url.pathname)) return Promise.resolve(false);
  const place =
    url.protocol === 'unix:' ? { socketPath: url.pathname } : { host: url.hostname, port: url.port || 2375 };
  return new Promise((resolve) => {
    const ping = request({ ...place, path: '/_ping', timeout: 3_000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    ping.on('timeout', () => ping.destroy());
    ping.on('error', () => resolve(false));
    ping.end();
  });
}
