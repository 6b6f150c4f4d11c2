import { isUuid, type Micros } from '@banyan/kit/api';
import type { Clock } from '@banyan/kit/clock';
import { causeOf } from '@banyan/kit/facts';
import type { Entities, Entity, ValuesChange } from '@banyan/kit/fields';
import { replyOnce } from '@banyan/kit/once';
import type { Brand } from './domain.ts';
import { brandsErrors } from './errors.ts';
import type { Changes, Store } from './store.ts';

/** Brands, as far as the routes of fields know them. */
export function entitiesOf(store: Pick<Store, 'find' | 'list' | 'transaction'>, now: Clock): Entities {
  return {
    page: async (liveOnly, page) => {
      const { brands, total } = await store.list({ liveOnly, filter: [], sort: undefined, page });
      return { entities: brands.map(entityOf), total };
    },
    find: async (id, liveOnly) => {
      const brand = isUuid(id) ? await store.find(id.toLowerCase(), liveOnly) : undefined;
      return brand && entityOf(brand);
    },
    change: async (id, at, caused, work) => {
      if (!isUuid(id)) return undefined;
      return store.transaction(causeOf(caused, now()), (changes) => changeOne(changes, id, at, work));
    },
    changeOnce: ({ request, reply }, id, at, work, shown) =>
      replyOnce<Changes>(
        { request, reply, errors: brandsErrors, now },
        {
          transaction: (inOne) => store.transaction(causeOf(request.headers, now()), inOne),
          replies: ({ replies }) => replies,
        },
        async (changes) => {
          const changed = await changeOne(changes, id, at, work);
          // A reply moves with the brand that it shows.
          return { body: shown(changed), ...(changed && { owner: changed.id }) };
        },
      ),
  };
}

/** Undefined: there is no such brand. */
async function changeOne(
  changes: Changes,
  id: string,
  at: Micros | null,
  work: (entity: Entity) => ValuesChange,
): Promise<Entity | undefined> {
  const brand = isUuid(id) ? await changes.find(id.toLowerCase()) : undefined;
  if (brand === undefined) return undefined;
  const { values, given, fields } = work(entityOf(brand));
  const updatedAt = at ?? brand.updatedAt;
  if (at !== null) await changes.update({ ...brand, updatedAt });
  await changes.setValues(brand.id, values, given, fields);
  return entityOf({ ...brand, updatedAt, values });
}

const entityOf = ({ id, createdAt, updatedAt, values }: Brand): Entity => ({ id, createdAt, updatedAt, values });
