import { isUuid, type Micros } from '@banyan/kit/api';
import type { Entities, Entity, ValuesChange } from '@banyan/kit/fields';
import { replyOnce } from '@banyan/kit/once';
import type { Changes } from './changes.ts';
import type { Address, Customer } from './domain.ts';
import { customersErrors } from './errors.ts';
import { type Handlers, writing } from './handlers.ts';

type Work = (entity: Entity) => ValuesChange;

/** Where the values are that an id names. */
interface Place {
  customerId: string;
  /** Null: the customer's own. */
  addressId: string | null;
}
/** Undefined: there is no such place. */
type PlaceOf = (id: string) => Promise<Place | undefined>;

/** Customers, as far as the routes of fields know them. */
export function customerEntities(handlers: Handlers): Entities {
  const { store } = handlers;
  return {
    page: async (_liveOnly, page) => {
      const { customers, total } = await store.list({ customerId: undefined, filter: [], sort: undefined, page });
      return { entities: customers.map(entityOf), total };
    },
    ...changing(handlers, async (id) => (isUuid(id) ? { customerId: id.toLowerCase(), addressId: null } : undefined)),
  };
}

/** The addresses of all customers, each by its own id. */
export function addressEntities(handlers: Handlers): Entities {
  const { store } = handlers;
  return {
    page: async (_liveOnly, page) => {
      const { addresses, total } = await store.listAddresses(page);
      return { entities: addresses.map(entityOf), total };
    },
    ...changing(handlers, async (id) => {
      const address = isUuid(id) ? await store.findAddress(id.toLowerCase()) : undefined;
      return address && { customerId: address.customerId, addressId: address.id };
    }),
  };
}

/** The addresses of one customer. An id is that of the customer, a NUL, and that of the address. */
export function addressesOfCustomers(handlers: Handlers): Pick<Entities, 'find' | 'change'> {
  return changing(handlers, async (id) => {
    const [customerId = '', addressId = ''] = id.split('\0');
    return isUuid(customerId) && isUuid(addressId) ? { customerId, addressId: addressId.toLowerCase() } : undefined;
  });
}

function changing(handlers: Handlers, placeOf: PlaceOf): Required<Pick<Entities, 'find' | 'change' | 'changeOnce'>> {
  const { store, now } = handlers;
  return {
    find: async (id) => {
      const place = await placeOf(id);
      if (place === undefined) return undefined;
      if (place.addressId === null) return shownOf(await store.find(place.customerId));
      const address = await store.findAddress(place.addressId);
      return address?.customerId === place.customerId ? entityOf(address) : undefined;
    },
    change: async (id, at, caused, work) => {
      const place = await placeOf(id);
      return place && writing(handlers, caused, (changes) => changeOne(changes, place, at, work));
    },
    changeOnce: async ({ request, reply }, id, at, work, shown) => {
      const place = await placeOf(id);
      return replyOnce<Changes>(
        { request, reply, errors: customersErrors, now },
        {
          transaction: (inOne) => writing(handlers, request.headers, inOne),
          replies: ({ replies }) => replies,
        },
        async (changes) => {
          const changed = place && (await changeOne(changes, place, at, work));
          // A reply moves with the customer whose entity it shows.
          return { body: shown(changed), ...(place && { owner: place.customerId }) };
        },
      );
    },
  };
}

/** By the type of an entity: those of the ids that exist, as they were given. */
export function existingIn({ store }: Pick<Handlers, 'store'>) {
  const among = (table: 'customers' | 'addresses') => async (ids: readonly string[]) => {
    const wanted = ids.filter(isUuid);
    const found = new Set(await store.existing(table, [...new Set(wanted.map((id) => id.toLowerCase()))]));
    return wanted.filter((id) => found.has(id.toLowerCase()));
  };
  return { customer: among('customers'), address: among('addresses') };
}

async function changeOne(
  changes: Changes,
  { customerId, addressId }: Place,
  at: Micros | null,
  work: Work,
): Promise<Entity | undefined> {
  const customer = await changes.find(customerId);
  if (customer === undefined) return undefined;
  if (addressId === null) {
    const change = work(entityOf(customer));
    const touched = { ...customer, updatedAt: at ?? customer.updatedAt };
    if (at !== null) await changes.update(touched);
    return entityOf(await changes.setValues(touched, change));
  }
  const address = await changes.findAddress(customerId, addressId);
  if (address === undefined) return undefined;
  const change = work(entityOf(address));
  const touched = { ...address, updatedAt: at ?? address.updatedAt };
  if (at !== null) await changes.updateAddress(touched);
  return entityOf(await changes.setAddressValues(touched, change));
}

const shownOf = (owner: Customer | undefined) => owner && entityOf(owner);
const entityOf = ({ id, createdAt, updatedAt, values }: Customer | Address): Entity => ({
  ...{ id, createdAt, updatedAt, values },
});
