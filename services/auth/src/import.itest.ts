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
  beforeEach(() => database.query('DELETE FROM clients'));

  const stored = async ({ id }: TestClient['row']): Promise<Stored | undefined> =>
    (
      await database.query<Stored>(
        `SELECT name, secret_hash, revoked_at IS NOT NULL AS revoked, imported_version::text FROM clients WHERE id = $1`,
        [id],
      )
    )[0];
  const upgrade = (row: TestClient['row'], to: string) =>
    database.query("UPDATE clients SET secret_hash = $2 WHERE id = $1 AND secret_hash LIKE '$scrypt$%'", [row.id, to]);

  test('says what became of each row', async () => {
    const [a, b] = [testClient().row, testClient().row];
    assert.deepEqual(await importRows(database, [a]), { [a.id]: 'inserted' });
    const newer = { ...a, name: 'new', updated_at: '2020-01-01T00:00:00.000002Z' };
    assert.deepEqual(await importRows(database, [newer, b]), { [a.id]: 'updated', [b.id]: 'inserted' });
    assert.deepEqual(await importRows(database, [newer, a, b]), { [a.id]: 'unchanged', [b.id]: 'unchanged' });
    assert.equal((await stored(a))?.name, 'new', 'one microsecond newer is newer');
  });

  test('keeps an upgraded hash while the secret at the source is the same, and gives way to a changed one', async () => {
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

  test('refuses rows that the service could not use, and takes the others', async () => {
    const good = testClient().row;
    const bad = [
      testClient({ secret_hash: 'plain text' }).row,
      testClient({ secret_hash: `$scrypt$ln=30,r=8,p=1$AAAA$${'A'.repeat(43)}=` }).row,
      testClient({ identifier_kinds: ['root'] }).row,
      testClient({ client_id: 'two words' }).row,
    ];
    const outcomes = await importRows(database, [...bad, good]);
    assert.deepEqual(outcomes, { [good.id]: 'inserted', ...Object.fromEntries(bad.map(({ id }) => [id, 'refused'])) });
    assert.equal((await database.query('SELECT 1 FROM clients')).length, 1);
  });

  test('mends a row that is older at the source, keeps its upgraded hash, and leaves clients that were made here', async () => {
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

    await database.query('UPDATE clients SET imported_version = NULL WHERE id = $1', [row.id]);
    const other = { ...rewound, name: 'other' };
    assert.deepEqual(await importRows(database, [other], { mend: true }), { [row.id]: 'unchanged' });
  });

  test('removes imported clients by their ids, and no client that was made here', async () => {
    const [kept, gone, own] = [testClient().row, testClient().row, testClient().row];
    await importRows(database, [kept, gone, own]);
    await database.query('UPDATE clients SET imported_version = NULL WHERE id = $1', [own.id]);
    const removed = await database.query<{ id: string }>('SELECT import.remove_clients($1::jsonb) AS id', [
      JSON.stringify([gone.id, own.id]),
    ]);
    assert.deepEqual(removed, [{ id: gone.id }]);
    const left = await database.query<{ id: string }>('SELECT id FROM clients');
    assert.deepEqual(left.map(({ id }) => id).sort(), [kept.id, own.id].sort());
  });

  test('shows what was imported without the secret itself', async () => {
    const { row } = testClient();
    await importRows(database, [row]);
    const [shown] = await database.query<{ fields: Record<string, unknown> }>('SELECT fields FROM import.clients');
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

  test('in any order, as often as one likes, ends with the newest; an upgrade lasts as long as its secret', async () => {
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
          // The model: the newest version seen, and whether its secret has been upgraded since it appeared here.
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
