import type { Access } from './access.ts';

/** A request as the rules see it. `path` is the route's pattern, such as `/v2/orders/:id/payments`. */
export interface Asked {
  method: string;
  path: string;
  /** The customer id in the path, if there is one. */
  pathCustomerId?: string | undefined;
}

type Rule = (asked: Asked, access: Access) => boolean;

const reading: Rule = ({ method }) => method === 'GET' || method === 'HEAD';

/**
 * The permissions of an implicit token, by the first segment of the path. Resources that are not listed are refused.
 */
const implicitRules: Readonly<Record<string, Rule>> = {
  products: reading,
  categories: reading,
  brands: reading,
  collections: reading,
  currencies: reading,
  files: reading,
  flows: reading,
  fields: reading,
  inventories: (asked, access) => reading(asked, access) || asked.path === '/v2/inventories/multiple',
  // Shoppers must not set their own tax.
  carts: ({ path }) => !path.split('/').includes('taxes'),
  customers: (asked, access) => signsUp(asked) || ownRecord(asked, access),
  orders: (asked, access) => paysFor(asked) || (access.customerId !== undefined && reading(asked, access)),
};

/** Whether a token permits a request. The orders area itself limits customers to their own orders. */
export function mayDo(asked: Asked, access: Access): boolean {
  if (access.kind === 'implicit') {
    const resource = asked.path.split('/')[2] ?? '';
    const rule = Object.hasOwn(implicitRules, resource) ? implicitRules[resource] : undefined;
    return rule?.(asked, access) === true;
  }
  // A customer token narrows even a full token to that customer.
  const foreign = access.customerId !== undefined && asked.pathCustomerId !== undefined && !ownRecord(asked, access);
  return !foreign;
}

function signsUp({ method, path }: Asked): boolean {
  return method === 'POST' && (path === '/v2/customers' || path === '/v2/customers/tokens');
}

function ownRecord({ pathCustomerId }: Asked, { customerId }: Access): boolean {
  return pathCustomerId !== undefined && pathCustomerId === customerId;
}

function paysFor({ method, path }: Asked): boolean {
  return method === 'POST' && /^\/v2\/orders\/[^/]+(\/payments|\/transactions\/[^/]+\/confirm)$/.test(path);
}
