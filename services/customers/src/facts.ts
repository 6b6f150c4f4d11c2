import type { Micros } from '@banyan/kit/api';
import type { NewEvent } from '@banyan/kit/events';
import { type Cause, factOf } from '@banyan/kit/facts';
import type { Field } from '@banyan/kit/fields';
import type { Version } from '@banyan/kit/import';
import { events } from './contract.ts';
import { type Address, addressView, type Customer, customerView } from './domain.ts';

type Entity = keyof typeof events;
type Happened = 'created' | 'updated' | 'deleted';

/** How facts show what they tell of. */
export interface Shown {
  /** The fields that customers have, and those of addresses. */
  customerFields: readonly Field[];
  addressFields: readonly Field[];
  /** The platform's address as clients see it. */
  publicUrl: string;
}

interface Told {
  entity: Entity;
  id: string;
  happened: Happened;
  /** Of its last change. */
  version: Version;
  state: Customer | Address | null;
}

/** Collects what a transaction changes, so that each customer and each address is told of once, as it is in the end. */
export class ToldChanges {
  readonly #changes = new Map<string, Told>();

  customer(customer: Customer, happened: Happened, version: Version): void {
    this.#add({ entity: 'customer', id: customer.id, happened, version, state: customer });
  }

  address(address: Address, happened: Happened, version: Version): void {
    this.#add({ entity: 'address', id: address.id, happened, version, state: address });
  }

  /** The facts of the transaction, in the order of the first changes. Call it last. */
  facts(shown: Shown, atUs: Micros, cause: Cause): NewEvent[] {
    return [...this.#changes.values()].map(({ entity, id, happened, version, state }) =>
      factOf(
        {
          event: events[entity][happened],
          aggregateId: id,
          version,
          state: happened === 'deleted' || state === null ? null : { data: viewOf(state, shown) },
          atUs,
        },
        cause,
      ),
    );
  }

  #add(told: Told): void {
    const key = `${told.entity} ${told.id}`;
    const before = this.#changes.get(key)?.happened;
    const happened = before === 'created' && told.happened === 'updated' ? before : told.happened;
    this.#changes.set(key, { ...told, happened });
  }
}

function viewOf(state: Customer | Address, { customerFields, addressFields, publicUrl }: Shown): object {
  return 'customerId' in state ? addressView(state, addressFields, publicUrl) : customerView(state, customerFields);
}
