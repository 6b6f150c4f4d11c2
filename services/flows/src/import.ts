import type { Micros } from '@banyan/kit/api';
import type { MovedResource, State } from '@banyan/kit/import';
import { type MariadbQueryable, statement } from '@banyan/kit/mariadb';
import Type from '@banyan/kit/typebox';
import { applyEntries, EntryState, readEntries } from './import-entries.ts';
import { applyFlows, displaced, FlowState, readFlows } from './import-flows.ts';
import { entryKey, flowKey, parseKey, resource } from './keys.ts';

interface Id {
  id: string;
}

const entryIds = statement<Id, [string, number]>(
  'flows_import_entry_ids',
  'select id from entries where id > ? order by id limit ?',
);
const flowIds = statement<Id, [string, number]>(
  'flows_import_flow_ids',
  'select id from flows where id > ? order by id limit ?',
);

/**
 * How flows and entries move between the monolith and this service. A flow travels with its fields, and an entry with its
 * values. Transitional.
 *
 * @param now in microseconds: replies are kept for a day
 */
export const flowsImport = (now: () => Micros): MovedResource<MariadbQueryable, State> => ({
  name: resource,
  group: resource,
  schema: Type.Union([FlowState, EntryState]),
  // A flow may have a hundred fields.
  weight: (key) => (parseKey(key)?.kind === 'flow' ? 10 : 1),
  apply: async (tx, changes) => {
    const of = (wanted: 'entry' | 'flow') =>
      changes.flatMap(({ key, state }) => {
        const { kind, id } = parseKey(key) ?? {};
        return kind === wanted && id !== undefined ? [{ id, state }] : [];
      });
    await applyFlows(tx, of('flow') as { id: string; state: FlowState | null }[]);
    await applyEntries(tx, of('entry') as { id: string; state: EntryState | null }[]);
  },
  read: async (tx, keys) => {
    const ids = (wanted: 'entry' | 'flow') =>
      keys.flatMap((key) => {
        const { kind, id } = parseKey(key) ?? {};
        return kind === wanted && id !== undefined ? [id] : [];
      });
    return new Map<string, State>([
      ...(await readEntries(tx, ids('entry'), now())),
      ...(await readFlows(tx, ids('flow'))),
    ]);
  },
  keys: async (tx, { after, to, limit }) => {
    // Entries come before flows in the bytewise order of the keys.
    const last = after === null ? undefined : parseKey(after);
    const entries =
      last?.kind === 'flow' ? [] : (await tx.query(entryIds, [last?.id ?? '', limit])).map(({ id }) => entryKey(id));
    const left = limit - entries.length;
    const first = last?.kind === 'flow' ? last.id : '';
    const flows = left === 0 ? [] : (await tx.query(flowIds, [first, left])).map(({ id }) => flowKey(id));
    return [...entries, ...flows].filter((key) => to === null || key <= to);
  },
  displaced,
});
