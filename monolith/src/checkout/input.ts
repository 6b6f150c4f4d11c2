import Type from 'typebox';
import { BillingAddress, ShippingAddress } from '../api/address.ts';
import { isMembers, type Members } from '../api/body.ts';
import { checker } from '../api/validate.ts';

/** The buyer: a customer of the store, or a name and an e-mail address. */
export type Buyer = { id: string } | { name: string; email: string };

export interface CheckoutInput {
  customer: Buyer;
  billing_address: BillingAddress;
  shipping_address: ShippingAddress;
}

const addresses = { billing_address: BillingAddress, shipping_address: ShippingAddress };
const known = checker(Type.Object({ ...addresses, customer: Type.Object({ id: Type.String({ minLength: 1 }) }) }));
const guest = checker(
  Type.Object({
    ...addresses,
    customer: Type.Object({
      name: Type.String({ minLength: 1, maxLength: 255 }),
      email: Type.String({ pattern: '^[^@\\s]+@[^@\\s]+$', maxLength: 255 }),
    }),
  }),
);

/** Reads a checkout. A plain text is a customer id. Without a shipping address, the billing address is used. */
export function checkoutInput(data: Members): CheckoutInput {
  const customer = typeof data.customer === 'string' ? { id: data.customer } : data.customer;
  const whole = { ...data, customer, shipping_address: data.shipping_address ?? data.billing_address };
  return isMembers(customer) && 'id' in customer ? known(whole) : guest(whole);
}
