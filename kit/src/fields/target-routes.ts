import type { Server } from '../http/server-type.ts';
import { askedIds } from './targets.ts';

export interface TargetRoutes {
  /** @throws ServiceError `invalid_peer`: `Authorization` has no credentials of a service */
  requirePeer(authorization: string | undefined): void;
  /** By the type of an entity: those of the ids that exist. */
  of: Readonly<Record<string, (ids: readonly string[]) => Promise<readonly string[]>>>;
}

/**
 * `GET /internal/targets/<type>?id=…`: those of the ids that exist, in `data`. The owner of flows asks the owner of the
 * entities whether links may lead to them.
 */
export function addTargetRoutes(server: Server, { requirePeer, of }: TargetRoutes): void {
  for (const [type, existing] of Object.entries(of)) {
    server.get(
      `/internal/targets/${type}`,
      { schema: { summary: 'Which ids exist, for other services' } },
      async ({ headers, query }) => {
        requirePeer(headers.authorization);
        return { data: await existing(askedIds(query)) };
      },
    );
  }
}
