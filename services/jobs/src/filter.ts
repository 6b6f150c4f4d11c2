import { type Condition, type FilterFields, likeEscape, readFilter } from '@banyan/kit/api';

/** What exports are filtered by: the fields of lists of orders. */
const fields: FilterFields = {
  id: { type: 'id' },
  status: { type: 'text', ops: ['eq', 'in'] },
  payment: { type: 'text', ops: ['eq', 'in'] },
  shipping: { type: 'text', ops: ['eq', 'in'] },
  name: { type: 'text' },
  email: { type: 'text' },
  'customer.name': { type: 'text' },
  'customer.email': { type: 'text' },
  customer_id: { type: 'text' },
  shipping_name: { type: 'text' },
  shipping_postcode: { type: 'text' },
  billing_name: { type: 'text' },
  billing_postcode: { type: 'text' },
  with_tax: { type: 'integer' },
  without_tax: { type: 'integer' },
  currency: { type: 'text', ops: ['eq', 'in'] },
  product_id: { type: 'id' },
  product_sku: { type: 'text', ops: ['eq', 'in'] },
  created_at: { type: 'moment' },
  updated_at: { type: 'moment' },
};

/** Columns whose name is not that of the field. */
const columns: Readonly<Record<string, string>> = {
  name: 'customer_name',
  email: 'customer_email',
  'customer.name': 'customer_name',
  'customer.email': 'customer_email',
  created_at: 'created_at_us',
  updated_at: 'updated_at_us',
  product_id: 'product_id',
  product_sku: 'sku',
};
const ofItems = new Set(['product_id', 'product_sku']);
const comparisons = { eq: '=', gt: '>', ge: '>=', lt: '<', le: '<=' } as const;

/** A condition over `orders`, with `?` for each value. */
export interface OrdersWhere {
  text: string;
  values: (string | number | boolean)[];
}

/**
 * Reads the filter of a job. An empty one matches every order.
 *
 * @throws ServiceError `bad_request`: the text is no filter, or orders have no such field or operator
 */
export function ordersWhere(filter: string): OrdersWhere {
  const parts = readFilter(filter, fields).map(translated);
  return {
    text: parts.length === 0 ? 'true' : parts.map(({ text }) => `(${text})`).join(' and '),
    values: parts.flatMap(({ values }) => values),
  };
}

function translated(condition: Condition): OrdersWhere {
  const { field } = condition;
  const column = columns[field] ?? field;
  switch (condition.is) {
    case 'in': {
      const { values } = condition;
      // Without a value nothing matches.
      if (values.length === 0) return { text: 'false', values: [] };
      const list = `${column} in (${values.map(() => '?').join(', ')})`;
      const text = ofItems.has(field) ? `orders.id in (select order_id from order_items where ${list})` : list;
      return { text, values: [...values] };
    }
    case 'like': {
      const pattern = condition.pattern.replaceAll(/[!%_]/g, (special) => `${likeEscape}${special}`);
      return {
        text: `${lowered(column)} like ${lowered('?')} escape '${likeEscape}'`,
        values: [pattern.replaceAll('*', '%')],
      };
    }
    default:
      return { text: `${column} ${comparisons[condition.is]} ?`, values: [condition.value] };
  }
}

/** Only A to Z, as on every side. The engine's own function knows all of Unicode. */
const lowered = (text: string) => `translate(${text}, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')`;
