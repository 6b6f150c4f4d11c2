import type { Queryable } from '../db.ts';
import type { Debts } from '../debts.ts';
import type { TokenKind } from './tokens.ts';

interface Permission {
  area: string;
  verb: string;
}

/** The permissions of a kind of token, as a scope: `carts:read carts:write catalog:read`. */
export async function scopeOf(db: Queryable, debts: Debts, kind: TokenKind): Promise<string> {
  const permissions = debts.owed('permissions-one-by-one') ? await oneByOne(db, kind) : await allAtOnce(db, kind);
  const scopes = permissions.map(({ area, verb }) => `${area}:${verb === 'read' ? 'read' : 'write'}`);
  return [...new Set(scopes)].sort().join(' ');
}

// Debt 4: one query for each role, each permission of a role, and the resource of each permission.
async function oneByOne(db: Queryable, kind: TokenKind): Promise<Permission[]> {
  const permissions: Permission[] = [];
  const roles = await db.query<{ id: number }>('select id from api_roles where identifier_kind = $1', [kind]);
  for (const role of roles.rows) {
    const granted = await db.query<{ permission_id: number }>(
      'select permission_id from api_role_permissions where role_id = $1',
      [role.id],
    );
    for (const { permission_id } of granted.rows) {
      const permission = await db.query<{ resource_id: number; verb: string }>(
        'select resource_id, verb from api_permissions where id = $1',
        [permission_id],
      );
      for (const { resource_id, verb } of permission.rows) {
        const resource = await db.query<{ area: string }>('select area from api_resources where id = $1', [
          resource_id,
        ]);
        permissions.push(...resource.rows.map(({ area }) => ({ area, verb })));
      }
    }
  }
  return permissions;
}

async function allAtOnce(db: Queryable, kind: TokenKind): Promise<Permission[]> {
  const { rows } = await db.query<Permission>(
    `select distinct r.area, p.verb
     from api_roles role
     join api_role_permissions granted on granted.role_id = role.id
     join api_permissions p on p.id = granted.permission_id
     join api_resources r on r.id = p.resource_id
     where role.identifier_kind = $1`,
    [kind],
  );
  return rows;
}
