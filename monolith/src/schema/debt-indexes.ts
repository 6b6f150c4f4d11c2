import type { Pool } from '../db.ts';
import type { DebtName, Debts } from '../debts.ts';
import { owners } from '../flows/owners.ts';

interface DebtIndex {
  debt: DebtName;
  name: string;
  on: string;
}

const valueTables = ['flow_entry_values', ...Object.values(owners).map(({ values }) => values)];

/** The indexes that pay a debt. */
const indexes: readonly DebtIndex[] = [
  { debt: 'token-table-unindexed', name: 'access_tokens_token', on: 'access_tokens (token_hash)' },
  { debt: 'token-table-unindexed', name: 'access_tokens_client', on: 'access_tokens (client_id, expires_at)' },
  {
    debt: 'token-table-unindexed',
    name: 'access_tokens_refresh',
    on: 'access_tokens (refresh_hash) where refresh_hash is not null',
  },
  { debt: 'rate-by-counting-audit', name: 'token_audit_client', on: 'token_audit (client_id, at)' },
  { debt: 'rate-by-counting-audit', name: 'token_audit_address', on: 'token_audit (remote_address, at)' },
  ...valueTables.map(
    (table): DebtIndex => ({
      debt: 'unique-values-unindexed',
      name: `${table}_value`,
      // A hash, because a text can be longer than an index entry.
      on: `${table} (field_id, md5(value::text))`,
    }),
  ),
  {
    debt: 'promotions-read-whole',
    name: 'promotions_automatic',
    on: 'promotions (starts_at, ends_at) where automatic and enabled',
  },
];

/** Creates the indexes of the paid debts and drops those of the owed debts. */
export async function reconcileIndexes(db: Pool, debts: Debts): Promise<void> {
  for (const { debt, name, on } of indexes) {
    if (debts.owed(debt)) await db.query(`drop index if exists ${name}`);
    else await db.query(`create index if not exists ${name} on ${on}`);
  }
}
