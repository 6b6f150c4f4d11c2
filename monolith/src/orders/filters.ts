import { type FilterFields, integerField, textField, timeField, uuidField } from '../lists/filter-fields.ts';

const name = (address: 'shipping_address' | 'billing_address') =>
  `(o.${address}->>'first_name' || ' ' || (o.${address}->>'last_name'))`;
const ofCustomer = { name: textField('o.customer_name'), email: textField('o.customer_email') };

export const orderFilters: FilterFields = {
  id: uuidField('o.id = any($::uuid[])'),
  status: textField('o.status', ['eq', 'in']),
  payment: textField('o.payment', ['eq', 'in']),
  shipping: textField('o.shipping', ['eq', 'in']),
  ...ofCustomer,
  'customer.name': ofCustomer.name,
  'customer.email': ofCustomer.email,
  customer_id: textField('o.customer_id::text'),
  shipping_name: textField(name('shipping_address')),
  shipping_postcode: textField("(o.shipping_address->>'postcode')"),
  billing_name: textField(name('billing_address')),
  billing_postcode: textField("(o.billing_address->>'postcode')"),
  with_tax: integerField('o.with_tax'),
  without_tax: integerField('o.without_tax'),
  currency: textField('o.currency', ['eq', 'in']),
  product_id: uuidField('exists (select from order_items i where i.order_id = o.id and i.product_id = any($::uuid[]))'),
  product_sku: {
    ops: ['eq', 'in'],
    condition: ({ values }, bindings) =>
      `exists (select from order_items i where i.order_id = o.id and i.sku = any(${bindings.add(values)}::text[]))`,
  },
  created_at: timeField('o.created_at'),
  updated_at: timeField('o.updated_at'),
};

export const orderSorts = {
  created_at: 'o.created_at',
  payment: 'o.payment',
  shipping: 'o.shipping',
  status: 'o.status',
  with_tax: 'o.with_tax',
};
