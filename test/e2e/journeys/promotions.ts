import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Client, Reply } from '../client.ts';
import type { RawCall } from './raw-call.ts';

/**
 * An administrator makes a promotion with a code that works once, and uses it. Versions 3 of the client have no methods
 * for promotions: they enter the code, and the rest is raw HTTP.
 */
export async function promote(client: Client, raw: RawCall, productId: string): Promise<void> {
  const code = `CODE-${randomUUID().slice(0, 8)}`;
  const offer = {
    ...{ name: 'Five off', description: 'Off everything', enabled: true, promotion_type: 'fixed_discount' },
    schema: { currencies: [{ currency: 'USD', amount: 500 }] },
    ...{ start: '2018-01-01', end: '2099-01-01' },
  };
  const id = await (client.Promotions === undefined
    ? promoteRaw(raw, offer, code)
    : promoteWith(client.Promotions, offer, code));

  const reference = randomUUID().replaceAll('-', '');
  const goods = await client.Cart(reference).AddProduct!(productId, 1);
  const price = goods.meta.display_price.with_tax.amount;
  const added = await client.Cart(reference).AddPromotion!(code);
  assert.equal(added.meta.display_price.with_tax.amount, price - 500);
  assert.equal(added.meta.messages[0].title, 'Promotion Added');
  const line = added.data.find((item: Reply) => item.type === 'promotion_item');
  assert.deepEqual([line.sku, line.promotion_id, line.value.amount], [code, id, -500]);

  await client.Cart(reference).RemoveItem!(line.id);
  await client.Cart(reference).AddPromotion!(code);
  const cart = await client.Cart(reference).Get!();
  const address = { first_name: 'A', last_name: 'B', line_1: '1', postcode: '1', county: 'X', country: 'GB' };
  const order = await client.Cart(reference).Checkout!({ name: 'Ada', email: 'ada@example.com' }, address);
  const paid = cart.data.meta.display_price.with_tax.amount;
  assert.equal(order.data.meta.display_price.with_tax.amount, paid, 'the order costs what the cart said');
  await assert.rejects(client.Cart(reference).AddPromotion!('NO-SUCH-CODE'), (refusal: Reply) => {
    assert.equal(refusal.errors[0].status, 404);
    return true;
  });
  await client.Cart(reference).Delete!();
  await raw('DELETE', `/v2/promotions/${id}`);
}

async function promoteRaw(raw: RawCall, offer: object, code: string): Promise<string> {
  const { id } = (await raw('POST', '/v2/promotions', { type: 'promotion', ...offer })).body.data;
  const codes = { type: 'promotion_codes', codes: [{ code, uses: 1 }] };
  assert.equal((await raw('POST', `/v2/promotions/${id}/codes`, codes)).status, 201);
  return id;
}

async function promoteWith(promotions: NonNullable<Client['Promotions']>, offer: object, code: string) {
  const { id } = (await promotions.Create!(offer)).data;
  const renamed = await promotions.Update!(id, { name: 'Five dollars off' });
  assert.equal(renamed.data.name, 'Five dollars off');
  const added = await promotions.AddCodes!(id, [{ code, uses: 1 }, { code: `${code}-2` }, { code: `${code}-3` }]);
  assert.equal(added.data.id, id, 'the reply is the promotion');
  await promotions.DeleteCode!(id, `${code}-2`);
  await promotions.DeleteCodes!(id, [{ code: `${code}-3` }]);
  const codes = await promotions.Codes!(id);
  assert.deepEqual(
    codes.data.map((each: Reply) => each.code),
    [code],
  );
  const found = await promotions.Get!(id);
  assert.equal(found.data.promotion_type, 'fixed_discount');
  assert.ok((await promotions.Limit(100).All!()).data.some((each: Reply) => each.id === id));
  return id;
}
