import { isUuid } from '../api/ids.ts';
import type { Micros } from '../api/timestamps.ts';
import type { Entities, Entity, ValuesChange } from '../fields/entities.ts';
import { replyOnce } from '../once/reply-once.ts';
import type { Clock } from '../service/clock.ts';
import { causeOf } from '../store/facts.ts';
import { groupsErrors } from './errors.ts';
import type { Group } from './group.ts';
import type { Changes, GroupStore } from './store.ts';

/** Groups, as far as the routes of fields know them. */
export function entitiesOf(store: Pick<GroupStore, 'find' | 'list' | 'transaction'>, now: Clock): Entities {
  return {
    page: async (liveOnly, page) => {
      const { groups, total } = await store.list({ liveOnly, filter: [], sort: undefined, page });
      return { entities: groups.map(entityOf), total };
    },
    find: async (id, liveOnly) => {
      const group = isUuid(id) ? await store.find(id.toLowerCase(), liveOnly) : undefined;
      return group && entityOf(group);
    },
    change: async (id, at, caused, work) => {
      if (!isUuid(id)) return undefined;
      return store.transaction(causeOf(caused, now()), (changes) => changeOne(changes, id, at, work));
    },
    changeOnce: ({ request, reply }, id, at, work, shown) =>
      replyOnce<Changes>(
        { request, reply, errors: groupsErrors, now },
        {
          transaction: (inOne) => store.transaction(causeOf(request.headers, now()), inOne),
          replies: ({ replies }) => replies,
        },
        async (changes) => {
          const changed = await changeOne(changes, id, at, work);
          // A reply moves with the group that it shows.
          return { body: shown(changed), ...(changed && { owner: changed.id }) };
        },
      ),
  };
}

/** Undefined: there is no such group. */
async function changeOne(
  changes: Changes,
  id: string,
  at: Micros | null,
  work: (entity: Entity) => ValuesChange,
): Promise<Entity | undefined> {
  const group = isUuid(id) ? await changes.find(id.toLowerCase()) : undefined;
  if (group === undefined) return undefined;
  const { values, given, fields } = work(entityOf(group));
  const updatedAt = at ?? group.updatedAt;
  if (at !== null) await changes.update({ ...group, updatedAt });
  await changes.setValues(group.id, values, given, fields);
  return entityOf({ ...group, updatedAt, values });
}

const entityOf = ({ id, createdAt, updatedAt, values }: Group): Entity => ({ id, createdAt, updatedAt, values });
