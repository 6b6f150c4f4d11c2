import { captureLog, ownFolder, testEnvironment } from '@banyan/kit/testing';
import { filesConfig } from './config.ts';
import { type Service, startService } from './service.ts';

/** A running instance. */
export interface Instance {
  service: Service;
  /** Lines of its log. */
  lines: string[];
  close(): Promise<void>;
}

/**
 * An instance on a folder of its own, which goes with it. With DATA_FOLDER in `env`, the folder is the caller's and stays.
 *
 * @param env besides the address of the mesh
 */
export async function startInstance(meshUrl: string, env: Record<string, string> = {}): Promise<Instance> {
  const folder = await ownFolder('files', env.DATA_FOLDER);
  const { logger, lines } = captureLog('files');
  const config = filesConfig({ ...testEnvironment(meshUrl), DATA_FOLDER: folder.path, ...env });
  const service = await startService(config, logger);
  return {
    service,
    lines,
    close: async () => {
      await service.close();
      await folder.remove();
    },
  };
}
