import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { declarationsOf } from './move-groups/code-graph.ts';
import { reviewed } from './move-groups/crossings.ts';
import { groupOfTable, tablesOfExpression } from './move-groups/groups.ts';
import { literalsOf } from './move-groups/literals.ts';
import { type Crossing, matrixOf, monolithSources } from './move-groups/matrix.ts';
import { pageOf } from './move-groups/page.ts';
import { usesIn, usesInText } from './move-groups/table-uses.ts';
import { root } from './sources.ts';

const sources = monolithSources();
const matrix = matrixOf(sources);
const schemaFolder = join(root, 'monolith/src/schema');
const schema = readdirSync(schemaFolder)
  .filter((name) => name.endsWith('.sql'))
  .sort()
  .map((name) => readFileSync(join(schemaFolder, name), 'utf8').replaceAll(/--.*$/gm, ''))
  .join('\n');

const allowed = new Set(
  reviewed.flatMap(({ code, how, tables }) =>
    code.flatMap((group) => tables.split(/\s+/).map((table) => `${group} ${how} ${table}`)),
  ),
);
const keyOf = ({ code, how, table }: Crossing) => `${code} ${how} ${table}`;
const unreviewed = (crossings: readonly Crossing[]) =>
  crossings.filter((one) => !allowed.has(keyOf(one))).map((one) => `${keyOf(one)}, in ${one.at.join('; ')}`);

/** The monolith with code added to a file. */
const withCode = (path: string, code: string) =>
  matrixOf(sources.map((source) => (source.path === path ? { path, text: `${source.text}\n${code}` } : source)));

describe('the move groups of the monolith', () => {
  test('have each table of the schema once', () => {
    const tables = [...schema.matchAll(/create table (?:if not exists )?(\w+)/g)].map(([, table]) => table ?? '');
    assert.ok(tables.length > 50, `${tables.length} tables`);
    assert.deepEqual([...tables, 'schema_migrations'].sort(), [...groupOfTable.keys()].sort());
  });

  test('are crossed by reviewed queries only: see move-groups/crossings.ts', () => {
    assert.deepEqual(unreviewed(matrix.crossings), []);
  });

  test('are crossed by no write', () => {
    assert.deepEqual(matrix.crossings.filter(({ how }) => how === 'writes').map(keyOf), []);
    assert.ok(!reviewed.some(({ how }) => how === 'writes'));
  });

  test('are crossed by everything that is reviewed', () => {
    const found = new Set(matrix.crossings.map(keyOf));
    assert.deepEqual(
      [...allowed].filter((key) => !found.has(key) && !isOwn(key)),
      [],
    );
  });

  test('are crossed by no foreign key', () => {
    const keys = foreignKeys();
    assert.ok(keys.length > 40, `${keys.length} keys`);
    const crossing = keys.filter(({ table, parent }) => {
      const group = groupOfTable.get(parent);
      return group !== 'every' && groupOfTable.get(table) !== group;
    });
    assert.deepEqual(crossing, []);
  });

  test('know what each expression in the place of a table stands for', () => {
    assert.deepEqual(matrix.unexplained, []);
    const places = Object.keys(tablesOfExpression).map((key) => key.split(' ')[0] ?? '');
    assert.deepEqual(
      places.filter((place) => !sources.some(({ path }) => path === place)),
      [],
    );
  });

  test('are published as they are: npm run move-groups -w @banyan/test', () => {
    assert.equal(readFileSync(join(root, 'monolith/MOVE-GROUPS.md'), 'utf8'), pageOf(matrix, reviewed));
  });
});

/** `products reads products` from a row for several groups: no crossing. */
function isOwn(key: string): boolean {
  const table = key.split(' ').at(-1) ?? '';
  return key.startsWith(`${groupOfTable.get(table)} `);
}

/** The foreign keys of the schema, without those that a later file drops. */
function foreignKeys(): { table: string; parent: string }[] {
  const dropped = new Set([...schema.matchAll(/drop constraint (\w+)/g)].map(([, name]) => name));
  return schema.split(';').flatMap((statement) => {
    const table = /(?:create|alter) table (\w+)/.exec(statement)?.[1];
    if (table === undefined) return [];
    return [
      ...statement.matchAll(/(?:constraint (\w+)\s+foreign key \(\w+\)\s+|(\w+)[^,()]*?\s)references (\w+)/g),
    ].flatMap(([, name, column, parent = '']) =>
      dropped.has(name ?? `${table}_${column}_fkey`) ? [] : [{ table, parent }],
    );
  });
}

/** Code with an expression in a template: `«x»`. */
const template = (text: string) => text.replaceAll('«', '${').replaceAll('»', '}');

describe('a planted crossing is found', () => {
  const planted: [what: string, path: string, code: string, found: string][] = [
    [
      'a write',
      'customers/store.ts',
      "export const x = (db) => db.query('delete from cart_customers where customer_id = $1');",
      'customers writes cart_customers',
    ],
    [
      'a lock',
      'orders/change.ts',
      'export const x = (db) => db.query(`select from files where id = $1 for update`);',
      'orders locks files',
    ],
    [
      'a join',
      'promotions/store.ts',
      'export const x = `select p.id from promotions p left join orders o on o.id = p.id where true`;',
      'promotions reads orders',
    ],
    [
      'a table after a comma',
      'files/file-rows.ts',
      'export const x = `insert into files select f.* from unnest($1::uuid[]) as f, stock where true`;',
      'files reads stock',
    ],
    [
      'a query of another file that is called',
      'settings/store.ts',
      "import { findCurrency } from '../currencies/store.ts';\nexport const x = () => findCurrency(db, id);",
      'settings reads currencies',
    ],
  ];
  for (const [what, path, code, found] of planted) {
    test(what, () => {
      const [first = ''] = unreviewed(withCode(path, code).crossings);
      assert.ok(first.startsWith(`${found}, in `), first);
    });
  }

  test('an expression that nothing explains', () => {
    const { unexplained } = withCode(
      'orders/store.ts',
      template('export const x = `select id from «anyTable» where true`;'),
    );
    assert.deepEqual(unexplained, ['orders/store.ts anyTable']);
  });
});

describe('the extractor of table names', () => {
  const names = (text: string) => usesInText(text).map(({ how, name }) => `${how} ${name}`);

  test('reads each place of a table', () => {
    assert.deepEqual(names('insert into a as x (id) select id from b join c on true'), [
      'writes a',
      'reads b',
      'reads c',
    ]);
    assert.deepEqual(names('update only a set b = 1 where id in (select id from c)'), ['writes a', 'reads c']);
    assert.deepEqual(names('delete from a using b where a.id = b.id'), ['writes a', 'reads b']);
    assert.deepEqual(names('lock table a in share mode'), ['locks a']);
    assert.deepEqual(names('select id from a, b x, c where true order by id, d'), ['reads a', 'reads b', 'reads c']);
    assert.deepEqual(names('select from a where id = $1 for no key update skip locked'), ['locks a']);
    assert.deepEqual(names('insert into a (id) values (1) on conflict (id) do update set id = 2'), ['writes a']);
  });

  test('takes no text for a table, and no prose for SQL', () => {
    assert.deepEqual(names("select 'from b' as x from a"), ['reads a']);
    assert.deepEqual(names('An order from the cart is under way'), []);
  });

  test('finds strings and templates wherever code has them', () => {
    const code = template(
      [
        "const a = /['\"`]/; // 'no literal'",
        'const b = `x «c ? `y «"z"»` : \'w\'» v`; /* "none" */',
        "const d = 6 / 2 / 3; const e = 'it\\'s';",
      ].join('\n'),
    );
    assert.deepEqual(literalsOf(code), [template('x ⟦c ? `y «"z"»` : \'w\'⟧ v'), 'y ⟦"z"⟧', 'z', 'w', "it\\'s"]);
    assert.deepEqual(usesIn(template('const q = `select from «kind.plural» where x`;')), [
      { how: 'reads', name: 'kind.plural', dynamic: true },
    ]);
  });

  test('follows names of declarations, and no types and comments', () => {
    const found = declarationsOf([
      {
        path: 'a/a.ts',
        text: "import { b, type T } from '../b/b.ts';\nexport function a(t: T) {\n  return b(t);\n}\n",
      },
      { path: 'b/b.ts', text: 'export interface T {}\n/** Like c. */\nexport const b = 1;\nconst c = 2;\n' },
    ]);
    assert.deepEqual(found.get('a/a.ts a')?.names, ['b/b.ts b']);
    assert.deepEqual(found.get('b/b.ts b')?.names, []);
  });
});
