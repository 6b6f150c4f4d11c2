import { microsOf } from '../../api/timestamps.ts';
import type { Ledger } from '../../import/ledger.ts';
import type { MovedResource } from '../../import/moved-resource.ts';
import { openMoves } from '../../import/moves.ts';
import type { Clock } from '../../service/clock.ts';
import { type Queryable, statement } from '../../store/statement.ts';
import type { TransactionalStore } from '../../store/store.ts';
import { allOf, type Where } from '../../store/where.ts';
import { ToldChanges } from '../facts.ts';
import { type GroupKind, linksOf } from '../kind.ts';
import type { GroupStore } from '../store.ts';
import { groupView } from '../view.ts';
import { changesOf } from './changes.ts';
import { familyReader } from './family.ts';
import { groupsImport } from './import.ts';
import { linksReader } from './links.ts';
import { linksImport } from './links-import.ts';
import { groupOf, type Row, rowColumns } from './rows.ts';
import { byCreation, idIn, live, matching, orderBy } from './select.ts';
import type { Words } from './words.ts';

export interface GroupStoreOptions<Tx extends Queryable> {
  kind: GroupKind;
  db: Queryable & TransactionalStore<Tx>;
  /** Of `db`. */
  ledger: Ledger<Tx>;
  /** Of its engine. */
  words: Words<Tx>;
  /** The numbered SQL files: a table named by the plural, and one of members' links. */
  schemaFolder: URL;
  now: Clock;
}

/** The store of one kind of groups. It connects at the first statement. */
export function openGroupStore<Tx extends Queryable>(options: GroupStoreOptions<Tx>): GroupStore<Tx> {
  const { kind, db, ledger, words, schemaFolder, now } = options;
  const table = kind.plural;
  const atUs = () => microsOf(now());
  const groups = groupsImport(kind, words, atUs) as MovedResource<Tx>;
  const moves = openMoves(ledger, [groups, linksImport(kind, words)]);
  const changesIn = changesOf(table, words);
  const readFamily = familyReader(table, words);
  const readLinks = linksReader(kind, words);

  const select = (where: Where, tail: string, values: readonly number[] = []) =>
    db.query(
      statement<Row, unknown[]>(
        `${table}_select`,
        `select ${rowColumns.join(', ')} from ${table} where ${where.text} ${tail}`,
      ),
      [...where.values, ...values],
    );
  /**
   * Groups as an administrator sees them, by id. Without the fields that an operator added: the facts of the system that had
   * them before have none either.
   */
  const statesIn = async (tx: Tx, ids: readonly string[]) => {
    const { groups: all, children, parents } = await readFamily(tx, ids);
    const { ofGroup: members } = await readLinks(tx, ids, false);
    const related = { members, children, parents, fields: [] };
    return new Map(all.map((group) => [group.id, { data: groupView(kind, group, related) }]));
  };

  return {
    find: async (id, liveOnly) => {
      const [row] = await select(allOf([idIn([id]), ...live(liveOnly)]), '');
      return row && groupOf(row);
    },
    list: async (listing) => {
      const where = matching(listing);
      const { limit, offset } = listing.page;
      const count = statement<{ total: number }, unknown[]>(
        `${table}_count`,
        `select count(*) as total from ${table} where ${where.text}`,
      );
      const [[counted], rows] = await Promise.all([
        db.query(count, where.values),
        select(where, `${orderBy(listing.sort)} limit ? offset ?`, [limit, offset]),
      ]);
      return { groups: rows.map(groupOf), total: counted?.total ?? 0 };
    },
    all: async (liveOnly) => (await select(allOf(live(liveOnly)), byCreation)).map(groupOf),
    childrenOf: async (ids, liveOnly) => {
      if (ids.length === 0) return new Map();
      const rows = await select(allOf([idIn(ids, 'parent_id'), ...live(liveOnly)]), byCreation);
      const byParent = Map.groupBy(rows, (row) => row.parent_id ?? '');
      return new Map([...byParent].map(([parentId, children]) => [parentId, children.map(({ id }) => id)]));
    },
    linksOf: async (ids, liveOnly) => (moves.isInStep(linksOf(kind)) ? readLinks(db, ids, liveOnly) : null),
    visible: async (ids, liveOnly) => {
      if (ids.length === 0) return new Set();
      return new Set((await select(allOf([idIn(ids), ...live(liveOnly)]), '')).map(({ id }) => id));
    },
    transaction: (cause, work) =>
      moves.write(table, async (tx, changed) => {
        const told = new ToldChanges();
        const result = await work(changesIn(tx, changed, told));
        for (const fact of await told.facts(kind, (ids) => statesIn(tx, ids), atUs(), cause)) {
          await db.outbox(tx).add(fact);
        }
        return result;
      }),
    forgetReplies: async () => {
      while (await words.replies.forget(db, atUs()));
    },
    moves,
    published: db,
    applySchema: () => db.applySchema({ folder: schemaFolder }),
    ping: () => db.ping(),
    close: () => db.close(),
  };
}
