import { randomUUID } from 'node:crypto';
import { checker, includedMember, isUuid, microsOf, objectOf, requireSameId } from '@banyan/kit/api';
import { checkValues, written } from '@banyan/kit/fields';
import type { Server } from '@banyan/kit/http';
import { replyOnce } from '@banyan/kit/once';
import type { Changes } from './changes.ts';
import { AddressChange, NewAddress, paths } from './contract.ts';
import { type Address, addressView, addressWith, customerIdOf } from './domain.ts';
import { addressMissing, customerMissing, customersErrors } from './errors.ts';
import { fieldsToShow, type Handlers, includedFor, writing } from './handlers.ts';

const newAddress = checker(NewAddress);
const addressChange = checker(AddressChange);

interface OfCustomer {
  Params: { customerId: string };
}
interface ByKey {
  Params: { customerId: string; addressId: string };
}

/** `/v2/customers/:id/addresses`. */
export function addAddressRoutes(server: Server, handlers: Handlers): void {
  const { store, addressFields: fields, includes, publicUrl, now } = handlers;

  server.get<OfCustomer>(paths.addresses, { schema: { summary: 'List addresses' } }, async (request, reply) => {
    const customerId = customerIdOf(request.params.customerId);
    const [customer, addresses] = await Promise.all([store.find(customerId), store.addressesOf(customerId)]);
    if (customer === undefined) throw customerMissing();
    const all = await fieldsToShow(fields, request, reply);
    return { data: addresses.map((address) => addressView(address, all, publicUrl)) };
  });

  server.post<OfCustomer>(paths.addresses, { schema: { summary: 'Make an address' } }, async (request, reply) => {
    const data = objectOf(request.body);
    const members = addressWith(undefined, newAddress(data));
    const { fields: all } = await fields.known(request.headers);
    return replyOnce<Changes>(
      { request, reply, errors: customersErrors, now },
      {
        transaction: (work) => writing(handlers, request.headers, work),
        replies: ({ replies }) => replies,
      },
      async (changes) => {
        const customerId = customerIdOf(request.params.customerId);
        if ((await changes.find(customerId)) === undefined) throw customerMissing();
        const at = microsOf(now());
        const address = { id: randomUUID(), customerId, ...members, createdAt: at, updatedAt: at, values: {} };
        await changes.insertAddress(address);
        const given = checkValues(all, data, true);
        const change = { values: written({}, given), given, fields: all };
        const made = given.size === 0 ? address : await changes.setAddressValues(address, change);
        return { owner: customerId, body: { data: addressView(made, all, publicUrl) } };
      },
    );
  });

  server.get<ByKey>(paths.address, { schema: { summary: 'Read an address' } }, async (request, reply) => {
    const [customerId, addressId] = keyIn(request.params);
    const address = await store.findAddress(addressId);
    if (address?.customerId !== customerId) throw addressMissing();
    const all = await fieldsToShow(fields, request, reply);
    const included = await includedFor(includes, request, reply, all, [address.values]);
    return { data: addressView(address, all, publicUrl), ...includedMember(included) };
  });

  server.put<ByKey>(paths.address, { schema: { summary: 'Change an address' } }, async (request) => {
    const data = objectOf(request.body);
    const { id, ...change } = addressChange(data);
    requireSameId(request.params.addressId, id);
    const { fields: all } = await fields.known(request.headers);
    const changed = await inAddress(request, async (changes, before) => {
      const after = { ...before, ...addressWith(before, change), updatedAt: microsOf(now()) };
      await changes.updateAddress(after);
      const given = checkValues(all, data, false);
      if (given.size === 0) return after;
      return changes.setAddressValues(after, { values: written(before.values, given), given, fields: all });
    });
    return { data: addressView(changed, all, publicUrl) };
  });

  server.delete<ByKey>(paths.address, { schema: { summary: 'Delete an address' } }, async (request, reply) => {
    await inAddress(request, (changes, address) => changes.deleteAddress(address));
    return reply.code(204).send();
  });

  async function inAddress<Result>(
    { params, headers }: { params: ByKey['Params']; headers: Parameters<typeof writing>[1] },
    work: (changes: Changes, address: Address) => Promise<Result>,
  ): Promise<Result> {
    const [customerId, addressId] = keyIn(params);
    return writing(handlers, headers, async (changes) => {
      const customer = await changes.find(customerId);
      const address = customer && (await changes.findAddress(customerId, addressId));
      if (address === undefined) throw addressMissing();
      return work(changes, address);
    });
  }
}

function keyIn({ customerId, addressId }: ByKey['Params']): [string, string] {
  if (!isUuid(customerId) || !isUuid(addressId)) throw addressMissing();
  return [customerId.toLowerCase(), addressId.toLowerCase()];
}
