import type { Micros } from '@banyan/kit/api';
import type { NewEvent } from '@banyan/kit/events';
import { type Cause, factOf } from '@banyan/kit/facts';
import type { Version } from '@banyan/kit/import';
import { events } from './contract.ts';
import { cartView, itemViews, type ShownWhole } from './view.ts';

/** A change of one cart. */
export interface ToldChange {
  cartId: string;
  version: Version;
  /** The cart as it is then. Null: it was deleted. */
  shown: ShownWhole | null;
  atUs: Micros;
  cause: Cause;
}

/** The fact that tells of a change: the cart with its lines, as its own paths show it. */
export function factOfCart({ cartId, version, shown, atUs, cause }: ToldChange): NewEvent {
  const event = shown === null ? events.deleted : events.updated;
  return factOf({ event, aggregateId: cartId, version, state: shown && cartFact(shown), atUs }, cause);
}

function cartFact(shown: ShownWhole) {
  const hasLines = (shown.cart?.lines.length ?? 0) > 0;
  return { data: cartView(shown), ...(hasLines && { included: { items: itemViews(shown) } }) };
}
