import { failedValidation, notFound } from '../api/faults.ts';
import { isUuid } from '../api/ids.ts';
import type { Queryable } from '../db.ts';
import type { Kind } from './kinds.ts';

/**
 * Two concurrent moves can each be valid and together close a cycle. Moves of one kind therefore queue, before any row
 * lock.
 */
export async function lockFamily(db: Queryable, kind: Kind): Promise<void> {
  await db.query('select pg_advisory_xact_lock(hashtext($1))', [`family of ${kind.plural}`]);
}

/**
 * Sets or removes the parent of children. Runs in a transaction that has locked the family.
 * @throws ShopError `not_found` when a group does not exist
 * @throws ShopError `validation_failed` when a group would become its own ancestor
 */
export async function setParent(
  db: Queryable,
  kind: Kind,
  childIds: readonly string[],
  parentId: string | null,
  now: Date,
): Promise<void> {
  const named = new Set(parentId === null ? childIds : [...childIds, parentId]);
  if (![...named].every(isUuid)) throw missing(kind);
  const { rows } = await db.query(`select id from ${kind.plural} where id = any($1)`, [[...named]]);
  if (rows.length !== named.size) throw missing(kind);
  if (parentId !== null && (await isUnderAny(db, kind, parentId, childIds))) {
    throw failedValidation([{ detail: `A ${kind.type} cannot be under itself.`, source: 'data.id' }]);
  }
  await db.query(`update ${kind.plural} set parent_id = $1, updated_at = $2 where id = any($3)`, [
    parentId,
    now,
    childIds,
  ]);
}

/** Whether a group is one of `ancestors` or a descendant of one of them. */
async function isUnderAny(db: Queryable, kind: Kind, id: string, ancestors: readonly string[]): Promise<boolean> {
  const { rows } = await db.query(
    `with recursive line as (
       select id, parent_id from ${kind.plural} where id = $1
       union all select g.id, g.parent_id from ${kind.plural} g join line on g.id = line.parent_id
     ) select 1 from line where id = any($2) limit 1`,
    [id, ancestors],
  );
  return rows.length > 0;
}

function missing(kind: Kind) {
  const name = kind.type[0]?.toUpperCase() + kind.type.slice(1);
  return notFound(`The requested ${kind.type} could not be found`, `${name} not found`);
}
