import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, beforeEach, describe, test } from 'node:test';
import { applySchema } from '@banyan/kit/schema';
import fc from 'fast-check';
import { fastHash, formatFastHash, newSalt } from './secrets/hash-format.ts';
import { schemaFolder } from './store.ts';
import {
  createTestDatabase,
  importRows,
  slowHashOf,
  type TestClient,
  type TestDatabase,
  testClient,
} from './testing.ts';

interface Stored {
  name: string;
  secret_hash: string | null;
  revoked: boolean;
  imported_version: string;
}

describe('importing clients', () => {
  let database: TestDatabase;
  before(async () => {
    database = await createTestDatabase();
    await applySchema({ url: database.url, folder: schemaFolder });
  });
  after(() => database.drop());
  beforeEach(() => database.query('delete from clients'));

  const stored = async ({ id }: TestClient['row']): Promise<Stored | undefined> =>
    (
      await database.query<Stored>(
        `select name, secret_hash, revoked_at is not null as revoked, imported_version::text from clients where id = $1`,
        [id],
      )
    )[0];
  const upgrade = (row: TestClient['row'], to: string) =>
    database.query("update clients set secret_hash = $2 where id = $1 and secret_hash like '$scrypt$%'", [row.id, to]);

  test('reports the outcome for each row', async () => {
    const [a, b] = [testClient().row, testClient().row];
    assert.deepEqual(await importRows(database, [a]), { [a.id]: 'inserted' });
    const newer = { ...a, name: 'new', updated_at: '2020-01-01T00:00:00.000002Z' };
    assert.deepEqual(await importRows(database, [newer, b]), { [a.id]: 'updated', [b.id]: 'inserted' });
    assert.deepEqual(await importRows(database, [newer, a, b]), { [a.id]: 'unchanged', [b.id]: 'unchanged' });
    assert.equal((await stored(a))?.name, 'new', 'one microsecond newer is newer');
  });

  test('keeps an upgraded hash until the secret changes at the source', async () => {
    const { row, secret } = testClient();
    const fast = formatFastHash(fastHash(secret, newSalt()));
    await importRows(database, [row]);
    await upgrade(row, fast);
    await importRows(database, [{ ...row, name: 'renamed', updated_at: '2021-01-01T00:00:00Z' }]);
    assert.equal((await stored(row))?.secret_hash, fast);
    assert.equal((await stored(row))?.name, 'renamed');
    const changed = slowHashOf('another');
    await importRows(database, [{ ...row, secret_hash: changed, updated_at: '2022-01-01T00:00:00Z' }]);
    assert.equal((await stored(row))?.secret_hash, changed);
  });

  test('refuses rows that the service cannot use, and applies the others', async () => {
    const good = testClient().row;
    const bad = [
      testClient({ secret_hash: 'plain text' }).row,
      testClient({ secret_hash: `$scrypt$ln=30,r=8,p=1$AAAA$${'A'.repeat(43)}=` }).row,
      testClient({ identifier_kinds: ['root'] }).row,
      testClient({ client_id: 'two words' }).row,
    ];
    const outcomes = await importRows(database, [...bad, good]);
    assert.deepEqual(outcomes, { [good.id]: 'inserted', ...Object.fromEntries(bad.map(({ id }) => [id, 'refused'])) });
    assert.equal((await database.query('select 1 from clients')).length, 1);
  });

  test('mends a row that is older at the source, but not its upgraded hash or clients created here', async () => {
    const { row, secret } = testClient();
    const fast = formatFastHash(fastHash(secret, newSalt()));
    await importRows(database, [{ ...row, updated_at: '2021-01-01T00:00:00Z' }]);
    await upgrade(row, fast);
    const rewound = { ...row, name: 'rewound', updated_at: '2018-01-01T00:00:00Z' };
    assert.deepEqual(await importRows(database, [rewound]), { [row.id]: 'unchanged' });
    assert.deepEqual(await importRows(database, [rewound], { mend: true }), { [row.id]: 'updated' });
    assert.deepEqual(await importRows(database, [rewound], { mend: true }), { [row.id]: 'unchanged' });
    assert.equal((await stored(row))?.name, 'rewound');
    assert.equal((await stored(row))?.secret_hash, fast);

    await database.query('update clients set imported_version = null where id = $1', [row.id]);
    const other = { ...rewound, name: 'other' };
    assert.deepEqual(await importRows(database, [other], { mend: true }), { [row.id]: 'unchanged' });
  });

  test('removes imported clients by their ids, but no client that was created here', async () => {
    const [kept, gone, own] = [testClient().row, testClient().row, testClient().row];
    await importRows(database, [kept, gone, own]);
    await database.query('update clients set imported_version = null where id = $1', [own.id]);
    const removed = await database.query<{ id: string }>('select import.remove_clients($1::jsonb) as id', [
      JSON.stringify([gone.id, own.id]),
    ]);
    assert.deepEqual(removed, [{ id: gone.id }]);
    const left = await database.query<{ id: string }>('select id from clients');
    assert.deepEqual(left.map(({ id }) => id).sort(), [kept.id, own.id].sort());
  });

  test('shows imported clients without their secrets', async () => {
    const { row } = testClient();
    await importRows(database, [row]);
    const [shown] = await database.query<{ fields: Record<string, unknown> }>('select fields from import.clients');
    assert.deepEqual(shown?.fields, {
      client_id: row.client_id,
      name: row.name,
      identifier_kinds: 'client_credentials,implicit',
      secret: createHash('sha256').update(row.secret_hash).digest('hex'),
      created_at: 1_577_836_800_000_001,
      updated_at: 1_577_836_800_000_001,
      revoked_at: null,
    });
  });

  test('ends with the newest version in any order, and keeps an upgrade as long as its secret', async () => {
    const secrets = ['one', 'two', 'three'].map((secret) => slowHashOf(secret));
    const version = fc.record({
      secret: fc.integer({ min: 0, max: secrets.length - 1 }),
      revoked: fc.boolean(),
      name: fc.stringMatching(/^[a-z]{1,8}$/),
    });
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ do: fc.constant('import' as const), version: fc.nat({ max: 5 }) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('upgrade' as const), version: fc.constant(0) }) },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(version, { minLength: 6, maxLength: 6 }),
        fc.array(step, { maxLength: 12 }),
        async (versions, steps) => {
          const base = testClient().row;
          // The model: the newest version seen, and whether its secret has been upgraded since it was imported.
          let newest = -1;
          let hash = '';
          for (const { do: what, version: index } of steps) {
            if (what === 'upgrade') {
              const fast = `$sha256$${'0'.repeat(32)}$${'A'.repeat(43)}`;
              await upgrade(base, fast);
              if (newest >= 0) hash = fast;
              continue;
            }
            const source = versions[index];
            assert.ok(source);
            const at = `2020-01-01T00:00:00.00000${index}Z`;
            await importRows(database, [
              {
                ...base,
                name: source.name,
                secret_hash: secrets[source.secret],
                updated_at: at,
                revoked_at: source.revoked ? at : null,
              },
            ]);
            if (index > newest) {
              if (newest < 0 || versions[newest]?.secret !== source.secret) hash = secrets[source.secret] ?? '';
              newest = index;
            }
          }
          const row = await stored(base);
          if (newest < 0) return assert.equal(row, undefined);
          assert.equal(row?.name, versions[newest]?.name);
          assert.equal(row?.revoked, versions[newest]?.revoked);
          assert.equal(row?.secret_hash, hash);
        },
      ),
      { numRuns: 40 },
    );
  });
});
