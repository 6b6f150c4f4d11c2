import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { createLogger } from '@banyan/kit/log';
import { settingsConfig } from './config.ts';
import { type Service, startService } from './service.ts';

/** A running instance. */
export interface Instance {
  service: Service;
  /** Lines of its log. */
  lines: string[];
  close(): Promise<void>;
}

/** Credentials of the service at the others. */
export const credentials = { INTROSPECTION_CLIENT_ID: 'services', INTROSPECTION_CLIENT_SECRET: 'let me ask' };

/**
 * An instance on a file of its own, which goes with it. With DATA_FOLDER in `env`, the folder is the caller's and stays.
 *
 * @param env besides the address of the mesh
 */
export async function startInstance(meshUrl: string, env: Record<string, string> = {}): Promise<Instance> {
  const folder = env.DATA_FOLDER ?? (await mkdtemp(join(tmpdir(), 'settings-')));
  const lines: string[] = [];
  const destination = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  const config = settingsConfig({
    ...{ PORT: '0', DATA_FOLDER: folder, MESH_URL: meshUrl, PUBLIC_URL: 'http://shop.test' },
    ...{ ...credentials, ...env },
  });
  const service = await startService(config, createLogger({ level: 'trace', service: 'settings', destination }));
  return {
    service,
    lines,
    close: async () => {
      await service.close();
      if (env.DATA_FOLDER === undefined) await rm(folder, { recursive: true });
    },
  };
}
