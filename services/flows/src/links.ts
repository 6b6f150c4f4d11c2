import type { Clock } from '@banyan/kit/clock';
import type { LinkRoutes, Values } from '@banyan/kit/fields';
import { missing } from './errors.ts';
import type { FlowField } from './field.ts';
import type { Flow } from './flow.ts';
import type { Store } from './store.ts';
import type { LinkTargets } from './targets.ts';

export interface LinkHandlers {
  store: Pick<Store, 'entry' | 'transaction'>;
  targets: Pick<LinkTargets, 'existing'>;
  now: Clock;
}

/**
 * What the routes of links need of the entries of one flow.
 *
 * @param fields those that the entries have now
 */
export function linkRoutesOf(
  { store, targets, now }: LinkHandlers,
  flow: Flow,
  fields: readonly FlowField[],
): LinkRoutes {
  return {
    now,
    missing: () => missing('entry'),
    idOf: ({ entry = '' }) => entry,
    fields: {
      known: async () => ({ flow, fields: [...fields] }),
      requireTargets: async (to, ids, caused) => {
        const { type, ids: existing } = await targets.existing(to, ids, caused);
        if (type === null || !ids.every((id) => existing.includes(id))) throw missing(to);
        return type;
      },
    },
    entities: {
      find: (id) => store.entry(flow.id, id),
      change: (id, at, _caused, work) =>
        store.transaction(async (changes) => {
          // The flow may have gone meanwhile.
          if ((await changes.flow(flow.id, 'to_read')) === undefined) return undefined;
          const entry = await changes.entry(flow.id, id);
          if (entry === undefined) return undefined;
          const { values } = work(entry);
          const given = differences(entry.values, values);
          return changes.setValues(entry, { given, fields: [], at: at ?? entry.updatedAt });
        }),
    },
  };
}

/** What a write sets to get from some values to others; null unsets. */
function differences(before: Values, after: Values): ReadonlyMap<string, unknown> {
  const ids = new Set([...Object.keys(before), ...Object.keys(after)]);
  return new Map([...ids].filter((id) => before[id] !== after[id]).map((id) => [id, after[id] ?? null]));
}
