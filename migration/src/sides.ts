import { openPostgres, type Postgres } from '@banyan/kit/postgres';
import { MigrationError, sideError } from './errors.ts';
import type { Mapping } from './mappings/mapping.ts';

/** Both databases of a mapping. */
export interface Sides {
  source: Postgres;
  target: Postgres;
  /** Runs `work` on one side. An error names the side. */
  on<Result>(side: 'source' | 'target', work: (database: Postgres) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

export interface SideUrls {
  from?: string | undefined;
  to?: string | undefined;
}

/** Long, because a range digest reads a whole table. */
const queryTimeoutMs = 120_000;
/** Long, because a busy machine connects slowly. A store that is down refuses at once. */
const connectTimeoutMs = 15_000;

/**
 * Opens both sides. The URLs come from the arguments, otherwise from the mapping's environment variables.
 *
 * @throws MigrationError `bad_arguments` when a URL is missing
 */
export function openSides(mapping: Mapping, { from, to }: SideUrls, env: NodeJS.ProcessEnv): Sides {
  const open = (url: string | undefined, variable: string, option: string) => {
    const chosen = url ?? env[variable];
    if (!chosen) throw new MigrationError('bad_arguments', `${variable} is not set, and there is no ${option}`);
    return openPostgres({
      url: chosen,
      applicationName: 'migration',
      maxConnections: 2,
      queryTimeoutMs,
      connectTimeoutMs,
    });
  };
  const source = open(from, mapping.source.variable, '--from');
  const target = open(to, mapping.target.variable, '--to');
  return {
    source,
    target,
    on: async (side, work) => {
      try {
        return await work(side === 'source' ? source : target);
      } catch (error) {
        throw sideError(side, error, mapping[side].hint);
      }
    },
    close: async () => {
      await Promise.all([source.close(), target.close()]);
    },
  };
}
