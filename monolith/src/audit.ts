import type { Access } from './access/access.ts';
import type { Queryable } from './db.ts';
import type { Shop } from './shop.ts';

export interface Change {
  action: string;
  entity: string;
  entityId: string;
}

/** Records a change and its author. Debt 22: a separate row, inside the request and its transaction. */
export async function audit(shop: Shop, db: Queryable, access: Access, change: Change): Promise<void> {
  if (!shop.debts.owed('audit-rows-in-request')) {
    shop.log.info({ actor: access.clientId, ...change }, 'audit');
    return;
  }
  await db.query('insert into audit_log (actor, action, entity, entity_id, created_at) values ($1, $2, $3, $4, $5)', [
    access.clientId,
    change.action,
    change.entity,
    change.entityId,
    shop.now(),
  ]);
}
