import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isMembers, listOf, type Members, objectOf } from '../api/body.ts';
import { badRequest, forbidden, notFound } from '../api/faults.ts';
import { checker } from '../api/validate.ts';
import type { Shop } from '../shop.ts';
import { cartId, changeCart, requireItem } from './cart.ts';
import type { TaxRow } from './store.ts';
import { addTax, TaxChange, TaxItem } from './taxes.ts';
import { taxView } from './view.ts';

const taxItem = checker(TaxItem);
const taxChange = checker(TaxChange);

interface ByCart {
  Params: { ref: string };
}
interface ByItem {
  Params: { ref: string; item: string };
}
interface ByTax {
  Params: { ref: string; item: string; tax: string };
}

/** Taxes of lines: shoppers may not tax themselves, so these paths take client credentials only. */
export function cartTaxRoutes(app: FastifyInstance, shop: Shop): void {
  const taxes = '/v2/carts/:ref/items/:item/taxes';

  app.post<ByItem>(taxes, async (request, reply) => {
    onlyAdmin(request);
    const tax = taxItem(objectOf(request.body));
    const added: TaxRow[] = [];
    await changeCart(shop, cartId(request.params.ref), async (db, cart) => {
      const item = await requireItem(db, cart.id, request.params.item);
      added.push(await addTax(db, item.id, tax));
    });
    return reply.code(201).send({ data: added.map(taxView)[0] });
  });

  app.put<ByTax>(`${taxes}/:tax`, async (request) => {
    onlyAdmin(request);
    const change = taxChange(objectOf(request.body));
    const state = await changeCart(shop, cartId(request.params.ref), async (db, cart) => {
      const { id } = await requireTax(db, cart.id, request.params);
      await db.query(
        `update cart_item_taxes set name = coalesce($2, name), jurisdiction = coalesce($3, jurisdiction),
           code = coalesce($4, code), rate = coalesce($5, rate) where id = $1`,
        [id, change.name, change.jurisdiction, change.code, change.rate],
      );
    });
    const taxed = state.items.flatMap((item) => item.taxes).find((tax) => tax.id === request.params.tax.toLowerCase());
    return { data: taxed && taxView(taxed) };
  });

  app.delete<ByTax>(`${taxes}/:tax`, async (request, reply) => {
    onlyAdmin(request);
    await changeCart(shop, cartId(request.params.ref), async (db, cart) => {
      const { id } = await requireTax(db, cart.id, request.params);
      await db.query('delete from cart_item_taxes where id = $1', [id]);
    });
    return reply.code(204).send();
  });

  app.post<ByCart>('/v2/carts/:ref/taxes', async (request, reply) => {
    onlyAdmin(request);
    const wanted = listOf(request.body).map((tax) => ({ itemId: taxedItem(tax), tax: taxItem(tax) }));
    const added: TaxRow[] = [];
    await changeCart(shop, cartId(request.params.ref), async (db, cart) => {
      for (const { itemId, tax } of wanted) {
        const item = await requireItem(db, cart.id, itemId);
        added.push(await addTax(db, item.id, tax));
      }
    });
    return reply.code(201).send({ data: added.map(taxView) });
  });

  app.delete<ByCart>('/v2/carts/:ref/taxes', async (request, reply) => {
    onlyAdmin(request);
    await changeCart(shop, cartId(request.params.ref), async (db, cart) => {
      await db.query('delete from cart_item_taxes where item_id in (select id from cart_items where cart_id = $1)', [
        cart.id,
      ]);
    });
    return reply.code(204).send();
  });
}

function onlyAdmin(request: FastifyRequest): void {
  if (request.access.kind !== 'client_credentials') throw forbidden('Tax items need client credentials');
}

async function requireTax(db: Parameters<typeof requireItem>[0], cart: string, params: ByTax['Params']) {
  const item = await requireItem(db, cart, params.item);
  const tax = item.taxes.find((each) => each.id === params.tax.toLowerCase());
  if (tax === undefined) throw notFound('The requested tax item could not be found');
  return tax;
}

/** In a list each tax names its line: `relationships.item.data.id`. */
function taxedItem(tax: Members): string {
  const item = isMembers(tax.relationships) ? tax.relationships.item : undefined;
  const link = isMembers(item) && isMembers(item.data) ? item.data.id : undefined;
  if (typeof link !== 'string') throw badRequest('A tax item of a list names its line in relationships.item.data.id');
  return link;
}
