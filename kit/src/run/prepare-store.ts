import type { Logger } from '../observe/log.ts';

export interface PreparedStore {
  applySchema(): Promise<string[]>;
  moves: { ownAlone(group: string): Promise<void> };
}

/**
 * Brings the schema of a service's store up to date. A service that takes part in no migration, so without a
 * MIGRATION_TOKEN, then owns its data.
 *
 * @param group of the resources that move together
 * @returns whether the service takes part in no migration
 * @throws SchemaError, ServiceError `store_unavailable` as `Store.applySchema`
 */
export async function prepareStore(
  { applySchema, moves }: PreparedStore,
  group: string,
  { MIGRATION_TOKEN: token }: { MIGRATION_TOKEN?: string },
  logger: Pick<Logger, 'info'>,
): Promise<boolean> {
  const applied = await applySchema();
  if (applied.length > 0) logger.info({ applied }, 'schema brought up to date');
  if (token !== undefined) return false;
  await moves.ownAlone(group);
  return true;
}
