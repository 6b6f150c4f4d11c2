import type { FastifyInstance } from 'fastify';
import { objectOf } from '../api/body.ts';
import { notFound } from '../api/faults.ts';
import { sameId } from '../api/unique.ts';
import { checker } from '../api/validate.ts';
import { inTransaction, type Queryable } from '../db.ts';
import { recordDeletion, recordEvent } from '../events/record.ts';
import { replyOnce } from '../idempotency/reply-once.ts';
import type { Shop } from '../shop.ts';
import {
  type Address,
  type AddressKey,
  addressMembers,
  deleteAddress,
  findAddress,
  insertAddress,
  listAddresses,
  updateAddress,
} from './address-store.ts';
import { AddressUpdate, NewAddress } from './schema.ts';
import { customerExists } from './store.ts';

type OfCustomer = { Params: { customerId: string } };
type ByKey = { Params: AddressKey };

const listPath = '/v2/customers/:customerId/addresses';
const onePath = `${listPath}/:addressId`;

const checkNew = checker(NewAddress);
const checkUpdate = checker(AddressUpdate);

/** `/v2/customers/:id/addresses`. */
export function addressRoutes(app: FastifyInstance, shop: Shop): void {
  const mustExist = async (db: Queryable, customerId: string) => {
    if (!(await customerExists(db, customerId))) throw notFound('customer not found');
  };

  app.get<OfCustomer>(listPath, async ({ params }) => {
    await mustExist(shop.db, params.customerId);
    const addresses = await listAddresses(shop.db, params.customerId);
    return { data: addresses.map((address) => addressView(shop, address)) };
  });
  app.post<OfCustomer>(listPath, async (request, reply) => {
    const { customerId } = request.params;
    const input = checkNew(objectOf(request.body));
    return replyOnce(shop, request, reply, 201, async (db) => {
      await mustExist(db, customerId);
      return recorded(db, 'created', await insertAddress(db, customerId, input));
    });
  });
  app.get<ByKey>(onePath, async ({ params }) => ({
    data: addressView(shop, orNotFound(await findAddress(shop.db, params))),
  }));
  app.put<ByKey>(onePath, async ({ params, body }) => {
    const { id, ...input } = checkUpdate(objectOf(body));
    sameId(params.addressId, id);
    return inTransaction(shop.db, async (db) => recorded(db, 'updated', await updateAddress(db, params, input)));
  });
  app.delete<ByKey>(onePath, async ({ params }, reply) => {
    await inTransaction(shop.db, async (db) => {
      if (!(await deleteAddress(db, params))) throw addressNotFound();
      await recordDeletion(db, shop.now(), 'address', params.addressId.toLowerCase());
    });
    return reply.code(204).send();
  });

  async function recorded(db: Queryable, what: 'created' | 'updated', written: Address | undefined) {
    const address = { data: addressView(shop, orNotFound(written)) };
    await recordEvent(db, shop.now(), `address.${what}`, address.data.id, address);
    return address;
  }
}

function addressView(shop: Shop, address: Address) {
  return {
    type: 'address',
    id: address.id,
    ...Object.fromEntries(addressMembers.map((member) => [member, address[member]])),
    links: { self: `${shop.config.publicUrl}/v2/customers/${address.customer_id}/addresses/${address.id}` },
    meta: {
      timestamps: { created_at: address.created_at.toISOString(), updated_at: address.updated_at.toISOString() },
    },
  };
}

function orNotFound(address: Address | undefined): Address {
  if (address === undefined) throw addressNotFound();
  return address;
}

const addressNotFound = () => notFound('The requested address could not be found');
