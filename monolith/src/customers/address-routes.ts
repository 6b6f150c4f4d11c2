import type { FastifyInstance } from 'fastify';
import { objectOf } from '../api/body.ts';
import { notFound } from '../api/faults.ts';
import { sameId } from '../api/unique.ts';
import { checker } from '../api/validate.ts';
import { inTransaction, type Queryable } from '../db.ts';
import { recordDeletion, recordEvent } from '../events/record.ts';
import { withFields, withFieldsOf, writeFields } from '../flows/entity-fields.ts';
import { includedByFields } from '../flows/includes.ts';
import { owners } from '../flows/owners.ts';
import { replyOnce } from '../idempotency/reply-once.ts';
import { includedMember, includeOf, queryOf } from '../lists/query.ts';
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
  const shown = (db: Queryable, address: Address) =>
    withFieldsOf(shop, db, owners.addresses, addressView(shop, address));
  const mustExist = async (db: Queryable, customerId: string) => {
    if (!(await customerExists(db, customerId))) throw notFound('customer not found');
  };

  app.get<OfCustomer>(listPath, async ({ params }) => {
    await mustExist(shop.db, params.customerId);
    const addresses = await listAddresses(shop.db, params.customerId);
    const views = addresses.map((address) => addressView(shop, address));
    return { data: await withFields(shop, shop.db, owners.addresses, views) };
  });
  app.post<OfCustomer>(listPath, async (request, reply) => {
    const { customerId } = request.params;
    const data = objectOf(request.body);
    const input = checkNew(data);
    return replyOnce(shop, request, reply, 201, async (db) => {
      await mustExist(db, customerId);
      const address = await insertAddress(db, customerId, input);
      await writeFields(db, owners.addresses, address.id, data, true);
      return recorded(db, 'created', await shown(db, address));
    });
  });
  app.get<ByKey>(onePath, async (request) => {
    const data = await shown(shop.db, orNotFound(await findAddress(shop.db, request.params)));
    const include = includeOf(queryOf(request));
    const included = await includedByFields(shop, request, owners.addresses, [data.id], include);
    return { data, ...includedMember(included) };
  });
  app.put<ByKey>(onePath, async ({ params, body }) => {
    const data = objectOf(body);
    const { id, ...input } = checkUpdate(data);
    sameId(params.addressId, id);
    return inTransaction(shop.db, async (db) => {
      const address = orNotFound(await updateAddress(db, params, input));
      await writeFields(db, owners.addresses, address.id, data, false);
      return recorded(db, 'updated', await shown(db, address));
    });
  });
  app.delete<ByKey>(onePath, async ({ params }, reply) => {
    await inTransaction(shop.db, async (db) => {
      if (!(await deleteAddress(db, params))) throw addressNotFound();
      await recordDeletion(db, shop.now(), 'address', params.addressId.toLowerCase());
    });
    return reply.code(204).send();
  });

  async function recorded<View extends { id: string }>(db: Queryable, what: 'created' | 'updated', data: View) {
    await recordEvent(db, shop.now(), `address.${what}`, data.id, { data });
    return { data };
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
