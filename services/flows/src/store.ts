import { isUuid, microsOf, type Page } from '@banyan/kit/api';
import type { Clock } from '@banyan/kit/clock';
import { type Moves, openMoves } from '@banyan/kit/import';
import { type MariadbQueryable, openMariadb, statement } from '@banyan/kit/mariadb';
import { mariadbLedger } from '@banyan/kit/mariadb-ledger';
import { mariadbReplies } from '@banyan/kit/once';
import { type Changes, changesIn } from './changes.ts';
import type { Entry } from './entry.ts';
import type { FlowField } from './field.ts';
import type { Flow } from './flow.ts';
import { flowsImport } from './import.ts';
import { resource } from './keys.ts';
import { findFields, findFlow, withValues } from './reads.ts';
import {
  type EntryRow,
  entryColumns,
  type FieldRow,
  type FlowRow,
  fieldColumns,
  fieldOf,
  flowColumns,
  flowOf,
} from './rows.ts';

/** The numbered SQL files of this service's database. */
export const schemaFolder = new URL('../schema/', import.meta.url);

export interface Store {
  /** All of them, in the order of creation. */
  flows(): Promise<Flow[]>;
  flow(idOrSlug: string): Promise<Flow | undefined>;
  /** All fields, in the order of creation. */
  fields(): Promise<FlowField[]>;
  /** Those of one flow, in their order. */
  fieldsOf(flowId: string): Promise<FlowField[]>;
  field(id: string): Promise<FlowField | undefined>;
  /** A page of entries in the order of creation, and how many there are. */
  entries(flowId: string, page: Page): Promise<{ entries: Entry[]; total: number }>;
  entry(flowId: string, id: string): Promise<Entry | undefined>;
  /** Those of the ids that are entries of the flow, in the order of creation. */
  entriesById(flowId: string, ids: readonly string[]): Promise<Entry[]>;
  /**
   * Every write happens in one. A deadlock repeats `work`.
   *
   * @throws ServiceError `misdirected` while another system owns the flows
   */
  transaction<Result>(work: (changes: Changes) => Promise<Result>): Promise<Result>;
  /** Deletes replies to keyed requests that are a day old. */
  forgetReplies(): Promise<void>;
  /** Who owns the flows, and the way by which they move. */
  readonly moves: Moves<MariadbQueryable>;
  /** Resolves with the names of the schema files that it applied. */
  applySchema(): Promise<string[]>;
  ping(): Promise<void>;
  close(): Promise<void>;
}

const allFlows = statement<FlowRow>('flows_all', `select ${flowColumns} from flows order by created_at_us, id`);
const allFields = statement<FieldRow>(
  'flows_all_fields',
  `select ${fieldColumns.join(', ')} from fields order by created_at_us, id`,
);
const countEntries = statement<{ total: number }, [string]>(
  'flows_count_entries',
  'select count(*) as total from entries where flow_id = ?',
);
const pageOfEntries = statement<EntryRow, [string, number, number]>(
  'flows_page_of_entries',
  `select ${entryColumns} from entries where flow_id = ? order by created_at_us, id limit ? offset ?`,
);
const someEntries = statement<EntryRow, [string, string]>(
  'flows_some_entries',
  `select entries.id, flow_id, created_at_us, updated_at_us
   from json_table(?, '$[*]' columns (id char(36) character set ascii collate ascii_bin path '$')) as wanted
     straight_join entries on entries.id = wanted.id
   where flow_id = ? order by created_at_us, entries.id`,
);
/** Opens the store. It connects at the first statement. */
export function openStore(url: string, maxConnections: number, onIdleError: (error: Error) => void, now: Clock): Store {
  const db = openMariadb({ url, maxConnections, onIdleError });
  const moves = openMoves(mariadbLedger(db), [flowsImport(() => microsOf(now()))]);
  const entriesById = async (flowId: string, ids: readonly string[]) => {
    const known = ids.filter(isUuid).map((id) => id.toLowerCase());
    if (known.length === 0) return [];
    return withValues(db, await db.query(someEntries, [JSON.stringify([...new Set(known)]), flowId]));
  };
  return {
    flows: async () => (await db.query(allFlows, [])).map(flowOf),
    flow: (idOrSlug) => findFlow(db, idOrSlug),
    fields: async () => (await db.query(allFields, [])).map(fieldOf),
    fieldsOf: (flowId) => findFields(db, 'flow_id', flowId),
    field: async (id) => (await findFields(db, 'id', id))[0],
    entries: async (flowId, { limit, offset }) => {
      const [[counted], rows] = await Promise.all([
        db.query(countEntries, [flowId]),
        db.query(pageOfEntries, [flowId, limit, offset]),
      ]);
      return { entries: await withValues(db, rows), total: counted?.total ?? 0 };
    },
    entry: async (flowId, id) => (await entriesById(flowId, [id]))[0],
    entriesById,
    transaction: (work) => moves.write(resource, (tx, changed) => work(changesIn(tx, changed))),
    forgetReplies: async () => {
      while (await mariadbReplies.forget(db, microsOf(now())));
    },
    moves,
    applySchema: () => db.applySchema({ folder: schemaFolder }),
    ping: () => db.ping(),
    close: () => db.close(),
  };
}
