import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isMembers, listOf, type Members, objectOf } from '../api/body.ts';
import { badRequest, forbidden, notFound } from '../api/faults.ts';
import { checker } from '../api/validate.ts';
import { replyOnce } from '../idempotency/reply-once.ts';
import type { Shop } from '../shop.ts';
import { cartId, changeCart, changeCartIn } from './cart.ts';
import type { CartDraft } from './draft.ts';
import { maxLines, maxTaxes } from './limits.ts';
import type { ItemRow, TaxRow } from './store.ts';
import { NewTaxItem, TaxChange } from './taxes.ts';
import { taxView } from './view.ts';

const taxItem = checker(NewTaxItem);
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

/** Taxes of lines. These paths need client credentials, because shoppers must not set their own tax. */
export function cartTaxRoutes(app: FastifyInstance, shop: Shop): void {
  const taxes = '/v2/carts/:ref/items/:item/taxes';

  app.post<ByItem>(taxes, async (request, reply) => {
    onlyAdmin(request);
    const tax = taxItem(objectOf(request.body));
    return replyOnce(shop, request, reply, 201, async (db) => {
      const added: TaxRow[] = [];
      await changeCartIn(shop, db, cartId(request.params.ref), (draft) => {
        added.push(draft.addTax(draft.require(request.params.item), tax));
      });
      return { data: added.map(taxView)[0] };
    });
  });

  app.put<ByTax>(`${taxes}/:tax`, async (request) => {
    onlyAdmin(request);
    const { name, jurisdiction, code, rate } = taxChange(objectOf(request.body));
    const changed: TaxRow[] = [];
    await changeCart(shop, cartId(request.params.ref), (draft) => {
      const { item, tax } = requireTax(draft, request.params);
      const next: TaxRow = {
        ...tax,
        name: name ?? tax.name,
        jurisdiction: jurisdiction ?? tax.jurisdiction,
        code: code ?? tax.code,
        rate: rate ?? tax.rate,
      };
      changed.push(next);
      draft.setTaxes(
        item,
        item.taxes.map((each) => (each.id === tax.id ? next : each)),
      );
    });
    return { data: changed.map(taxView)[0] };
  });

  app.delete<ByTax>(`${taxes}/:tax`, async (request, reply) => {
    onlyAdmin(request);
    await changeCart(shop, cartId(request.params.ref), (draft) => {
      const { item, tax } = requireTax(draft, request.params);
      draft.setTaxes(
        item,
        item.taxes.filter((each) => each.id !== tax.id),
      );
    });
    return reply.code(204).send();
  });

  app.post<ByCart>('/v2/carts/:ref/taxes', async (request, reply) => {
    onlyAdmin(request);
    const list = listOf(request.body);
    if (list.length > maxLines * maxTaxes) throw badRequest(`Add at most ${maxLines * maxTaxes} tax items at once`);
    const wanted = list.map((tax) => ({ itemId: taxedItem(tax), tax: taxItem(tax) }));
    return replyOnce(shop, request, reply, 201, async (db) => {
      const added: TaxRow[] = [];
      await changeCartIn(shop, db, cartId(request.params.ref), (draft) => {
        for (const { itemId, tax } of wanted) added.push(draft.addTax(draft.require(itemId), tax));
      });
      return { data: added.map(taxView) };
    });
  });

  app.delete<ByCart>('/v2/carts/:ref/taxes', async (request, reply) => {
    onlyAdmin(request);
    await changeCart(shop, cartId(request.params.ref), (draft) => {
      for (const item of draft.items) if (item.taxes.length > 0) draft.setTaxes(item, []);
    });
    return reply.code(204).send();
  });
}

function onlyAdmin(request: FastifyRequest): void {
  if (request.access.kind !== 'client_credentials') throw forbidden('Tax items need client credentials');
}

function requireTax(draft: CartDraft, params: ByTax['Params']): { item: ItemRow; tax: TaxRow } {
  const item = draft.require(params.item);
  const tax = item.taxes.find((each) => each.id === params.tax.toLowerCase());
  if (tax === undefined) throw notFound('The requested tax item could not be found');
  return { item, tax };
}

/** In a list, `relationships.item.data.id` of each tax names its line. */
function taxedItem(tax: Members): string {
  const item = isMembers(tax.relationships) ? tax.relationships.item : undefined;
  const link = isMembers(item) && isMembers(item.data) ? item.data.id : undefined;
  if (typeof link !== 'string') throw badRequest('A tax item of a list names its line in relationships.item.data.id');
  return link;
}
