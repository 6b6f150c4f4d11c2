import Type, { type Static } from '../../vendor/typebox.js';
import { hashPattern } from './folder.ts';

/**
 * How content travels between the migration's worker and a service, before the rows that name it: each by its hash, whole,
 * in the body of one request. What has arrived is not sent again.
 */
export const contentPaths = {
  lacking: (resource: string) => `/internal/contents/${encodeURIComponent(resource)}/lacking`,
  content: (resource: string, hash: string) => `/internal/contents/${encodeURIComponent(resource)}/${hash}`,
} as const;

export const Hash = Type.String({ pattern: hashPattern });

/** POST lacking: which of these the service does not have, or has damaged. The others stay for an hour at least. */
export const LackingRequest = Type.Object({ hashes: Type.Array(Hash, { maxItems: 1_000 }) });
export const LackingReply = Type.Object({ lacking: Type.Array(Hash) });
export type LackingReply = Static<typeof LackingReply>;
