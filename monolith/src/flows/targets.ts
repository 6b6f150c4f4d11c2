import { failedValidation, notFound } from '../api/faults.ts';
import { isUuid } from '../api/ids.ts';
import type { Queryable } from '../db.ts';
import { findFlow } from './flow-store.ts';
import { owners } from './owners.ts';

/** What links of a relationship field lead to. */
interface Target {
  /** `type` of a link. */
  type: string;
  table: string;
  /** The flow of the entries; undefined for core entities. */
  flowId?: string;
}

/** The target that a rule names: a core entity, or the entries of a flow. */
async function targetOf(db: Queryable, to: string): Promise<Target | undefined> {
  if (to === 'file') return { type: to, table: 'files' };
  const core = Object.values(owners).find(({ type }) => type === to);
  if (core !== undefined) return { type: core.type, table: core.table };
  const flow = await findFlow(db, to);
  return flow && { type: 'entry', table: 'flow_entries', flowId: flow.id };
}

/** Whether a rule that names this leads to entities of the API, and not to the entries of a flow. */
export function isTarget(to: string): boolean {
  return to === 'file' || Object.values(owners).some(({ type }) => type === to);
}

/** @throws ShopError `validation_failed` when a rule names no entity and no flow */
export async function requireTarget(db: Queryable, to: string): Promise<void> {
  if ((await targetOf(db, to)) !== undefined) return;
  const source = 'data.validation_rules.0.to';
  throw failedValidation([{ detail: `The ${source} field must be an entity or the slug of a flow.`, source }]);
}

/**
 * Checks that entities exist; returns the `type` of links to them.
 * @throws ShopError `not_found` when one of them does not exist
 */
export async function requireEntities(db: Queryable, to: string, ids: readonly string[]): Promise<string> {
  const found = await entitiesAmong(db, to, ids);
  if (found === undefined || found.ids.length < ids.length) throw notFound(`The requested ${to} could not be found`);
  return found.type;
}

/** Those of the ids that exist, and the `type` of links to them; undefined if a rule with this target names nothing. */
export async function entitiesAmong(db: Queryable, to: string, ids: readonly string[]) {
  const target = await targetOf(db, to);
  if (target === undefined) return undefined;
  const { type, table, flowId } = target;
  const ofFlow = flowId === undefined ? '' : 'and flow_id = $2';
  const { rows } = await db.query<{ id: string }>(
    `select id from ${table} where id = any($1) ${ofFlow} for key share`,
    [table === 'carts' ? ids : ids.filter(isUuid), ...(flowId === undefined ? [] : [flowId])],
  );
  return { type, ids: rows.map(({ id }) => id) };
}
