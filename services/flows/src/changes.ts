import { isUuid, type Micros, taken } from '@banyan/kit/api';
import { type Field, type NewValues, requireUnique, written } from '@banyan/kit/fields';
import type { Changed } from '@banyan/kit/import';
import { duplicateKeyIn, type MariadbQueryable, statement } from '@banyan/kit/mariadb';
import { type KeptReplies, mariadbReplies } from '@banyan/kit/once';
import type { Entry } from './entry.ts';
import type { FlowField } from './field.ts';
import type { Flow } from './flow.ts';
import { entryKey, flowKey } from './keys.ts';
import { findFields, findFlow, withValues } from './reads.ts';
import { type EntryRow, entryColumns, fieldColumns, hashOf, rowOfField, valueRows } from './rows.ts';

/** What a transaction may read and write. Nothing of it is visible to others before the transaction ends. */
export interface Changes {
  /** A flow, which stays as it is (`to_read`), or that others wait for (`to_write`), until the transaction ends. */
  flow(idOrSlug: string, lock: 'to_read' | 'to_write'): Promise<Flow | undefined>;
  /** @throws ServiceError `validation_failed`: the slug is taken */
  insertFlow(flow: Flow): Promise<void>;
  /** @throws ServiceError `validation_failed`: the slug is taken */
  updateFlow(flow: Flow): Promise<void>;
  /** Its fields and entries go with it. */
  deleteFlow(id: string): Promise<void>;
  /** The fields of a flow, in their order. */
  fieldsOf(flowId: string): Promise<FlowField[]>;
  /** A field that others wait for. */
  field(id: string): Promise<FlowField | undefined>;
  /** Inserts a field, or replaces the one with its id. @throws ServiceError `validation_failed`: the slug is taken */
  saveField(field: FlowField): Promise<void>;
  /** The values of entries go with it. */
  deleteField(field: FlowField): Promise<void>;
  /** An entry that others wait for. */
  entry(flowId: string, id: string): Promise<Entry | undefined>;
  insertEntry(entry: Entry): Promise<void>;
  /**
   * Writes the values of an entry, and that it has changed.
   *
   * @param given those that this write sets: the value of a unique one must not be another entry's
   * @throws ServiceError `validation_failed`: it is
   */
  setValues(entry: Entry, change: { given: NewValues; fields: readonly Field[]; at: Micros }): Promise<Entry>;
  deleteEntry(id: string): Promise<void>;
  /** What was replied to requests with an `Idempotency-Key`. Each reply moves with its entry. */
  readonly replies: KeptReplies;
}

/** How many entries one statement deletes: a statement has a second. */
const atOnce = 1_000;
const ids = "json_table(?, '$[*]' columns (id char(36) character set ascii collate ascii_bin path '$')) as gone";

const insertFlow = statement<object, unknown[]>(
  'flows_insert',
  `insert into flows (id, slug, slug_held, name, description, enabled, created_at_us, updated_at_us)
   values (?, ?, ?, ?, ?, ?, ?, ?)`,
);
const updateFlow = statement<object, unknown[]>(
  'flows_update',
  'update flows set slug = ?, slug_held = ?, name = ?, description = ?, enabled = ?, updated_at_us = ? where id = ?',
);
const deleteFlow = statement<object, [string]>('flows_delete', 'delete from flows where id = ?');
const deleteFields = statement<object, [string]>('flows_delete_fields', 'delete from fields where flow_id = ?');
const deleteField = statement<object, [string]>('flows_delete_field', 'delete from fields where id = ?');
const insertField = statement<object, unknown[]>(
  'flows_insert_field',
  `insert into fields (${fieldColumns.join(', ')}) values (${fieldColumns.map(() => '?').join(', ')})`,
);
const changing = fieldColumns.filter((name) => !['id', 'flow_id', 'field_type', 'created_at_us'].includes(name));
const updateField = statement<object, unknown[]>(
  'flows_update_field',
  `update fields set ${changing.map((name) => `${name} = ?`).join(', ')} where id = ?`,
);
const entriesOfFlow = statement<{ id: string }, [string]>(
  'flows_entries_of_flow',
  `select id from entries where flow_id = ? limit ${atOnce} for update`,
);
const entriesWithField = statement<{ id: string }, [string]>(
  'flows_entries_with_field',
  `select entry_id as id from entry_values where field_id = ? limit ${atOnce} for update`,
);
const deleteEntries = statement<object, [string]>(
  'flows_delete_entries',
  `delete entries from ${ids} straight_join entries on entries.id = gone.id`,
);
const deleteValues = statement<object, [string]>(
  'flows_delete_values',
  `delete entry_values from ${ids} straight_join entry_values on entry_values.entry_id = gone.id`,
);
const deleteValuesOfField = statement<object, [string, string]>(
  'flows_delete_values_of_field',
  `delete entry_values from ${ids} straight_join entry_values on entry_values.entry_id = gone.id
   where entry_values.field_id = ?`,
);
const findEntry = statement<EntryRow, [string, string]>(
  'flows_find_entry',
  `select ${entryColumns} from entries where id = ? and flow_id = ? for update`,
);
const insertEntry = statement<object, unknown[]>(
  'flows_insert_entry',
  'insert into entries (id, flow_id, created_at_us, updated_at_us) values (?, ?, ?, ?)',
);
const touchEntry = statement<object, [Micros, string]>(
  'flows_touch_entry',
  'update entries set updated_at_us = ? where id = ?',
);
const lockField = statement<{ id: string }, [string]>(
  'flows_lock_field',
  'select id from fields where id = ? for update',
);
const holder = statement<{ entry_id: string }, [string, Buffer, string]>(
  'flows_holder',
  `select entry_id from entry_values where field_id = ? and value_hash = ? and entry_id <> ? limit 1
   lock in share mode`,
);
const putValue = statement<object, [string, string, string, Buffer]>(
  'flows_put_value',
  `insert into entry_values (entry_id, field_id, value, value_hash) values (?, ?, ?, ?)
   on duplicate key update value = values(value), value_hash = values(value_hash)`,
);
const dropValue = statement<object, [string, string]>(
  'flows_drop_value',
  'delete from entry_values where entry_id = ? and field_id = ?',
);

/** All writes of this service. Each says what it has changed. */
export function changesIn(tx: MariadbQueryable, changed: Changed): Changes {
  /** Entries go a thousand at a time. */
  const inBatches = async (next: () => Promise<{ id: string }[]>, work: (ids: string[]) => Promise<void>) => {
    for (;;) {
      const found = (await next()).map(({ id }) => id);
      if (found.length > 0) await work(found);
      if (found.length < atOnce) return;
    }
  };
  return {
    replies: mariadbReplies.of(tx),
    flow: (idOrSlug, lock) => findFlow(tx, idOrSlug, lock === 'to_read' ? 'lock in share mode' : 'for update'),
    insertFlow: async ({ id, slug, name, description, enabled, createdAt, updatedAt }) => {
      const row = [id, slug, slug, name, description, enabled, createdAt, updatedAt];
      await orTaken('flows_slug', tx.run(insertFlow, row));
      await changed(flowKey(id));
    },
    updateFlow: async ({ id, slug, name, description, enabled, updatedAt }) => {
      const row = [slug, slug, name, description, enabled, updatedAt, id];
      await orTaken('flows_slug', tx.run(updateFlow, row));
      await changed(flowKey(id));
    },
    deleteFlow: async (id) => {
      await inBatches(
        () => tx.query(entriesOfFlow, [id]),
        async (gone) => {
          await tx.run(deleteValues, [JSON.stringify(gone)]);
          await tx.run(deleteEntries, [JSON.stringify(gone)]);
          await changed(gone.map(entryKey), { deleted: true });
        },
      );
      await tx.run(deleteFields, [id]);
      await tx.run(deleteFlow, [id]);
      await changed(flowKey(id), { deleted: true });
    },
    fieldsOf: (flowId) => findFields(tx, 'flow_id', flowId),
    field: async (id) => (await findFields(tx, 'id', id, 'for update'))[0],
    saveField: async (field) => {
      const row = rowOfField(field);
      const updated = await orTaken(
        'fields_slug',
        tx.run(updateField, [...changing.map((name) => row[name]), field.id]),
      );
      if (updated === 0) {
        const values = fieldColumns.map((name) => row[name]);
        await orTaken('fields_slug', tx.run(insertField, values));
      }
      await changed(flowKey(field.flowId));
    },
    deleteField: async ({ id, flowId }) => {
      await tx.run(deleteField, [id]);
      await inBatches(
        () => tx.query(entriesWithField, [id]),
        async (some) => {
          await tx.run(deleteValuesOfField, [JSON.stringify(some), id]);
          await changed(some.map(entryKey));
        },
      );
      await changed(flowKey(flowId));
    },
    entry: async (flowId, id) => {
      if (!isUuid(id)) return undefined;
      const [entry] = await withValues(tx, await tx.query(findEntry, [id.toLowerCase(), flowId]));
      return entry;
    },
    insertEntry: async ({ id, flowId, createdAt, updatedAt }) => {
      await tx.run(insertEntry, [id, flowId, createdAt, updatedAt]);
      await changed(entryKey(id));
    },
    setValues: async (entry, { given, fields, at }) => {
      const unique = fields.filter((field) => field.unique && given.has(field.id)).map(({ id }) => id);
      // Two writes of one unique field wait for each other; one order of locks prevents a deadlock.
      for (const id of unique.toSorted()) await tx.query(lockField, [id]);
      await requireUnique(fields, given, async (field, value) => {
        return (await tx.query(holder, [field.id, hashOf(JSON.stringify(value)), entry.id])).length > 0;
      });
      for (const [fieldId, value] of given) if (value === null) await tx.run(dropValue, [entry.id, fieldId]);
      await tx.runMany(
        putValue,
        valueRows(
          entry.id,
          [...given].filter(([, value]) => value !== null),
        ),
      );
      await tx.run(touchEntry, [at, entry.id]);
      await changed(entryKey(entry.id));
      return { ...entry, updatedAt: at, values: written(entry.values, given) };
    },
    deleteEntry: async (id) => {
      await tx.run(deleteValues, [JSON.stringify([id])]);
      await tx.run(deleteEntries, [JSON.stringify([id])]);
      await changed(entryKey(id), { deleted: true });
    },
  };
}

async function orTaken<Result>(key: 'flows_slug' | 'fields_slug', write: Promise<Result>): Promise<Result> {
  try {
    return await write;
  } catch (error) {
    if (duplicateKeyIn(error) !== key) throw error;
    throw taken('data.slug');
  }
}
