import Type, { type Static } from 'typebox';
import type { Members } from '../api/body.ts';
import { badRequest, forbidden } from '../api/faults.ts';
import { productMissing } from '../catalog/product-get.ts';
import { checkValues, type NewValues } from '../flows/check-values.ts';
import { maxAmount } from '../money.ts';
import type { Adding } from './adding.ts';
import { checkLine, insufficientStock, maxQuantity, maxTaxes } from './limits.ts';
import type { ItemRow } from './store.ts';
import { TaxItem } from './taxes.ts';

export const Quantity = Type.Optional(Type.Integer({ minimum: 1, maximum: maxQuantity }));
export const Taxes = Type.Optional(Type.Array(TaxItem, { maxItems: maxTaxes }));

export const CustomLine = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 255 }),
  sku: Type.Optional(Type.String({ maxLength: 255 })),
  description: Type.Optional(Type.String({ maxLength: 10_000 })),
  quantity: Quantity,
  price: Type.Object({
    amount: Type.Integer({ minimum: 0, maximum: maxAmount }),
    includes_tax: Type.Optional(Type.Boolean()),
  }),
  tax: Taxes,
});

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

/** Adds a product. `wanted` is an id or a SKU: older clients send a SKU in place of the id. */
export async function putProduct(to: Adding, line: Placing & { wanted: string; quantity: number }): Promise<void> {
  const { wanted, quantity, currency } = line;
  const seesDrafts = line.trusted === true || to.request.access.kind === 'client_credentials';
  const product = await to.shelf.find(wanted, currency);
  if (product === undefined || (product.status !== 'live' && !seesDrafts)) throw productMissing();
  const { id, name, sku, slug, description, manage_stock, amount, includes_tax, image } = product;
  if (amount === null) throw badRequest(`The product ${sku} has no price in ${currency}`, 'data.id');

  const present = to.draft.items.find((each) => each.product_id === id);
  const total = quantity + (present?.quantity ?? 0);
  checkLine(total, present?.unit_amount ?? amount);
  if (manage_stock && product.available < total) throw insufficientStock(product);
  const item = present
    ? to.draft.setQuantity(present, total)
    : to.draft.add(
        {
          ...{ type: 'cart_item', product_id: id, name, sku, slug, description, quantity, manage_stock },
          ...{ unit_amount: amount, includes_tax, image },
        },
        currency,
      );
  putTaxes(to, item, line);
  await putFields(to, item, line, present === undefined);
}

/** Adds a custom item. An item with the same SKU and price increases the existing line. */
export async function addCustom(to: Adding, data: Static<typeof CustomLine>, placing?: Placing): Promise<void> {
  const { name, sku = '', description = '', quantity = 1, price, tax } = data;
  const currency = placing?.currency ?? to.currency();
  const includesTax = price.includes_tax ?? true;
  const present = to.draft.items.find(
    (each) =>
      each.type === 'custom_item' &&
      sku !== '' &&
      each.sku === sku &&
      each.unit_amount === price.amount &&
      each.includes_tax === includesTax,
  );
  const total = quantity + (present?.quantity ?? 0);
  checkLine(total, price.amount);
  const item = present
    ? to.draft.setQuantity(present, total)
    : to.draft.add(
        {
          ...{ type: 'custom_item', product_id: null, name, sku, slug: '', description, quantity },
          ...{ manage_stock: false, unit_amount: price.amount, includes_tax: includesTax, image: null },
        },
        currency,
      );
  putTaxes(to, item, placing ?? { currency, taxes: tax });
  await putFields(to, item, placing ?? { currency, data }, present === undefined);
}

/** @throws ShopError `validation_failed` when a value breaks a rule, or a required one is missing */
async function putFields(to: Adding, item: ItemRow, { data, values }: Placing, isNew: boolean): Promise<void> {
  if (data === undefined && values === undefined) return;
  const fields = await to.fields();
  if (fields.length > 0) to.draft.setFields(item, fields, values ?? checkValues(fields, data ?? {}, isNew));
}

function putTaxes(to: Adding, item: ItemRow, { taxes, trusted }: Placing): void {
  if (taxes === undefined) return;
  if (trusted !== true && to.request.access.kind !== 'client_credentials') {
    throw forbidden('Tax items need client credentials');
  }
  const bare = to.draft.setTaxes(item, []);
  for (const tax of taxes) to.draft.addTax(to.draft.require(bare.id), tax);
}
