import { withFields } from '@banyan/kit/fields';
import { digestOf, type State } from '@banyan/kit/import';
import type { Queryable } from './queryable.ts';
import type { ComparedChange } from './resource.ts';
import { apiMoment, type ShopEvent } from './shop-events.ts';

type Fields = Parameters<typeof withFields>[0];
type Values = Parameters<typeof withFields>[1];

interface AddressState extends State {
  id: string;
}

/**
 * What the monolith's webhooks tell of customers that came back, and of their addresses: as the service's facts tell it, with
 * the fields that both have now. A deleted customer's addresses are gone with the customer.
 *
 * @param publicUrl the platform's address as clients see it
 */
export async function customerFacts(
  db: Queryable,
  changes: readonly ComparedChange[],
  publicUrl: string,
): Promise<ShopEvent[]> {
  const [ofCustomers, ofAddresses] = [await fieldsOf(db, 'customers'), await fieldsOf(db, 'addresses')];
  return changes.flatMap(({ key: id, version, state, before }) => {
    const told = (entity: string, happened: string, entityId: string, view: object | null): ShopEvent => ({
      ...{ key: `${entity}.${happened}`, entityId, version },
      resources: view === null ? { type: entity, id: entityId } : { data: view },
    });
    if (state === null) return [told('customer', 'deleted', id, null)];
    const events: ShopEvent[] = [];
    if (before === null || digestOf(id, ownPart(before)) !== digestOf(id, ownPart(state))) {
      const happened = before === null ? 'created' : 'updated';
      events.push(told('customer', happened, id, customerView(id, state, ofCustomers)));
    }
    const [earlier, later] = [addressesIn(before), addressesIn(state)];
    for (const address of later.values()) {
      const was = earlier.get(address.id);
      if (was !== undefined && digestOf(address.id, was) === digestOf(address.id, address)) continue;
      const view = addressView(id, address, ofAddresses, publicUrl);
      events.push(told('address', was === undefined ? 'created' : 'updated', address.id, view));
    }
    for (const gone of earlier.keys()) if (!later.has(gone)) events.push(told('address', 'deleted', gone, null));
    return events;
  });
}

/** Without what has facts of its own, and what has none. */
const ownPart = ({ addresses: _, replies: __, ...own }: State): State => own;

const addressesIn = (state: State | null) =>
  new Map(((state?.addresses ?? []) as AddressState[]).map((address) => [address.id, address]));

const metaOf = ({ created_at, updated_at }: State) => ({
  timestamps: { created_at: apiMoment(created_at), updated_at: apiMoment(updated_at) },
});

function customerView(id: string, state: State, fields: Fields) {
  const { name, email, password_hash } = state;
  const own = { type: 'customer', id, name, email, password: password_hash !== null, meta: metaOf(state) };
  return withFields(fields, (state.fields ?? {}) as Values, own);
}

const members = [
  ...['name', 'first_name', 'last_name', 'company_name', 'phone_number', 'line_1', 'line_2', 'city', 'postcode'],
  ...['county', 'country', 'instructions'],
];

function addressView(customerId: string, state: AddressState, fields: Fields, publicUrl: string) {
  return withFields(fields, (state.fields ?? {}) as Values, {
    ...{ type: 'address', id: state.id, ...Object.fromEntries(members.map((member) => [member, state[member]])) },
    links: { self: `${publicUrl}/v2/customers/${customerId}/addresses/${state.id}` },
    meta: metaOf(state),
  });
}

/** The fields that entities of a flow have now, in their order. */
async function fieldsOf(db: Queryable, slug: string): Promise<Fields> {
  const { rows } = await db.query<Fields[number]>(
    `select f.id, f.slug, f.name, f.description, f.field_type, f.required, f.is_unique as unique,
       f.default_value as default, f.omit_null, f.validation_rules
     from flow_fields f join flows w on w.id = f.flow_id
     where w.slug = $1 and w.enabled and f.enabled order by f.position, f.created_at, f.id`,
    [slug],
  );
  return rows;
}
