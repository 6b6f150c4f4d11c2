import { isUuid } from '@banyan/kit/api';
import type { Clock } from '@banyan/kit/clock';
import { causeOf } from '@banyan/kit/facts';
import type { Entities, Entity } from '@banyan/kit/fields';
import type { Brand } from './domain.ts';
import type { Store } from './store.ts';

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
      return store.transaction(causeOf(caused, now()), async (changes) => {
        const brand = await changes.find(id.toLowerCase());
        if (brand === undefined) return undefined;
        const { values, given, fields } = work(entityOf(brand));
        const updatedAt = at ?? brand.updatedAt;
        if (at !== null) await changes.update({ ...brand, updatedAt });
        await changes.setValues(brand.id, values, given, fields);
        return entityOf({ ...brand, updatedAt, values });
      });
    },
  };
}

const entityOf = ({ id, createdAt, updatedAt, values }: Brand): Entity => ({ id, createdAt, updatedAt, values });
