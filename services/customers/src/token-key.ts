import { type MariadbQueryable, statement } from '@banyan/kit/mariadb';
import Type, { type Static } from '@banyan/kit/typebox';

/** The key of customer tokens as it travels. */
export const TokenKeyState = Type.Object({
  /** In hex: at least 128 bits. */
  signing_key: Type.String({ pattern: '^([0-9a-f]{2}){16,512}$' }),
});
export type TokenKeyState = Static<typeof TokenKeyState>;

/** The key of its aggregate: after all ids of customers. */
export const tokenKey = 'token-key';

const remove = statement<object>('token_key_import_remove', 'delete from token_key');
const put = statement<object, [string]>(
  'token_key_import_put',
  'replace into token_key (one, signing_key) values (1, unhex(?))',
);
const read = statement<{ signing_key: string }>(
  'token_key_import_read',
  'select lower(hex(signing_key)) as signing_key from token_key',
);

export async function writeTokenKey(tx: MariadbQueryable, state: TokenKeyState | null): Promise<void> {
  if (state === null) await tx.run(remove, []);
  else await tx.run(put, [state.signing_key]);
}

export async function readTokenKey(tx: MariadbQueryable): Promise<TokenKeyState | null> {
  const [row] = await tx.query(read, []);
  return row ? { signing_key: row.signing_key } : null;
}
