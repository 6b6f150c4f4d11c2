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
  const target = await targetOf(db, to);
  const missing = () => notFound(`The requested ${to} could not be found`);
  if (target === undefined) throw missing();
  const { type, table, flowId } = target;
  const known = table === 'carts' ? ids : ids.filter(isUuid);
  if (known.length < ids.length) throw missing();
  const ofFlow = flowId === undefined ? '' : 'and flow_id = $2';
  const { rows } = await db.query(`select id from ${table} where id = any($1) ${ofFlow} for key share`, [
    ids,
    ...(flowId === undefined ? [] : [flowId]),
  ]);
  if (rows.length < ids.length) throw missing();
  return type;
}
