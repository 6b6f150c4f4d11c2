import { digestOf, type State } from '@banyan/kit/import';
import type { ComparedChange } from './resource.ts';
import type { ShopEvent } from './shop-events.ts';

const cartOf = (state: State | null): unknown => (state as { cart?: unknown } | null)?.cart ?? null;

/**
 * What the monolith's webhooks tell of carts that came back. A cart is shown with prices, promotions and images, and only the
 * monolith knows how: so the event of a change has no more than type and id, and the monolith completes it from its copy when it plans
 * the deliveries. What was only replied to a keyed request is no change of the cart, and a cart that expires is not told of.
 */
export function cartFacts(changes: readonly ComparedChange[]): ShopEvent[] {
  return changes.flatMap(({ key: id, version, state, before }) => {
    const [is, was] = [cartOf(state), cartOf(before)];
    const told = { entityId: id, version, resources: { type: 'cart', id } };
    // Without a state it was deleted, even if it was made after the round before.
    if (is === null) return was !== null || state === null ? [{ ...told, key: 'cart.deleted' }] : [];
    const isSame = was !== null && digestOf(id, { cart: is }) === digestOf(id, { cart: was });
    return isSame ? [] : [{ ...told, key: 'cart.updated' }];
  });
}
