import { badRequest, type Members } from '@banyan/kit/api';
import { checkValues, type NewValues } from '@banyan/kit/fields';
import type { Adding } from './adding.ts';
import type { Line } from './cart.ts';
import type { CustomLine, TaxItem } from './contract.ts';
import { forbidden, insufficientStock, productMissing } from './errors.ts';
import { checkLine } from './limits.ts';

/** How a line is added to a cart. */
interface Placing {
  currency: string;
  /** Replace the taxes of the line. */
  taxes?: readonly TaxItem[] | undefined;
  /** The line comes from another cart, where it was permitted: drafts and taxes are copied for every client. */
  trusted?: boolean;
  /** A body whose members may be fields of the line. */
  data?: Members;
  /** Values of fields that another line has already. */
  values?: NewValues;
}

/**
 * Adds a product. `wanted` is an id or a SKU: older clients send a SKU in place of the id.
 *
 * @throws CartsError `not_found`, `bad_request`
 */
export function putProduct(to: Adding, line: Placing & { wanted: string; quantity: number }): void {
  const { wanted, quantity, currency } = line;
  const seesDrafts = line.trusted === true || to.caller.kind === 'client_credentials';
  const product = to.goods.product(wanted);
  if (product === undefined || (product.status !== 'live' && !seesDrafts)) throw productMissing();
  const { id, name, sku, slug, description, manage_stock: manageStock, prices } = product;
  const price = Object.hasOwn(prices, currency) ? prices[currency] : undefined;
  if (price === undefined) throw badRequest(`The product ${sku} has no price in ${currency}`, 'data.id');

  const present = to.draft.lines.find(({ productId }) => productId === id);
  const total = quantity + (present?.quantity ?? 0);
  checkLine(total, present?.unitAmount ?? price.amount);
  if (manageStock && to.goods.available(id) < total) throw insufficientStock(product);
  const added = present
    ? to.draft.setQuantity(present, total)
    : to.draft.add(
        {
          ...{ type: 'cart_item', productId: id, name, sku, slug, description, quantity, manageStock },
          ...{ unitAmount: price.amount, includesTax: price.includes_tax },
        },
        currency,
      );
  putFields(to, putTaxes(to, added, line), line, present === undefined);
}

/** Adds a custom item. An item with the same SKU and price increases the existing line. */
export function addCustom(to: Adding, data: CustomLine, placing?: Placing): void {
  const { name, sku = '', description = '', quantity = 1, price, tax } = data;
  const currency = placing?.currency ?? to.currency();
  const includesTax = price.includes_tax ?? true;
  const present = to.draft.lines.find(
    (each) =>
      each.type === 'custom_item' &&
      sku !== '' &&
      each.sku === sku &&
      each.unitAmount === price.amount &&
      each.includesTax === includesTax,
  );
  const total = quantity + (present?.quantity ?? 0);
  checkLine(total, price.amount);
  const added = present
    ? to.draft.setQuantity(present, total)
    : to.draft.add(
        {
          ...{ type: 'custom_item', productId: null, name, sku, slug: '', description, quantity },
          ...{ manageStock: false, unitAmount: price.amount, includesTax },
        },
        currency,
      );
  const taxed = putTaxes(to, added, placing ?? { currency, taxes: tax });
  putFields(to, taxed, placing ?? { currency, data }, present === undefined);
}

/** @throws ServiceError `validation_failed`: a value breaks a rule, or a required one is missing */
function putFields(to: Adding, line: Line, { data, values }: Placing, isNew: boolean): void {
  const { fields } = to.supplies;
  if ((data === undefined && values === undefined) || fields.length === 0) return;
  to.draft.setLineValues(line, values ?? checkValues(fields, data ?? {}, isNew));
}

/** Returns the line as it is then. */
function putTaxes(to: Adding, line: Line, { taxes, trusted }: Placing): Line {
  if (taxes === undefined) return line;
  if (trusted !== true && to.caller.kind !== 'client_credentials') {
    throw forbidden('Tax items need client credentials');
  }
  const bare = to.draft.setTaxes(line, []);
  for (const tax of taxes) to.draft.addTax(to.draft.require(bare.id), tax);
  return to.draft.require(bare.id);
}
