import { randomUUID } from 'node:crypto';
import {
  attributesReply,
  checker,
  type FilterFields,
  includedMember,
  listReply,
  microsOf,
  objectOf,
  queryOf,
  readFilter,
  readPage,
  readSort,
  requireSameId,
} from '@banyan/kit/api';
import {
  addEntryRoutes,
  addFieldLinkRoutes,
  addTargetRoutes,
  attributesWithFields,
  checkValues,
  written,
} from '@banyan/kit/fields';
import type { Server } from '@banyan/kit/http';
import { guardApi } from '@banyan/kit/peers';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { customersRule } from './access.ts';
import { addAddressRoutes } from './address-routes.ts';
import { CustomerChange, flows, NewCustomer, paths } from './contract.ts';
import { type Customer, changedBy, customerIdOf, customerView } from './domain.ts';
import { addressEntities, addressesOfCustomers, customerEntities, existingIn } from './entities.ts';
import { CustomersError, customerMissing } from './errors.ts';
import { fieldsToShow, type Handlers, includedFor, writing } from './handlers.ts';
import { sortFields } from './store.ts';
import { addTokenRoutes } from './token-routes.ts';

const filterFields: FilterFields = {
  id: { type: 'id' },
  name: { type: 'text' },
  email: { type: 'text' },
  created_at: { type: 'moment' },
  updated_at: { type: 'moment' },
};

const newCustomer = checker(NewCustomer);
const customerChange = checker(CustomerChange);

interface ById {
  Params: { customerId: string };
}

/** HTTP to domain, and back. */
export function addRoutes(server: Server, handlers: Handlers): void {
  const { store, passwords, customerFields: fields, addressFields, includes, publicUrl, now } = handlers;
  guardApi(server, {
    ...handlers,
    rule: customersRule,
    requireCurrency: ({ headers }) => handlers.requireCurrency(headers),
  });
  const pageLength = ({ headers }: FastifyRequest) => handlers.pageLength(headers);

  server.get(paths.customers, { schema: { summary: 'List customers' } }, async (request, reply) => {
    const query = queryOf(request);
    const page = await readPage(query, () => pageLength(request));
    const filter = readFilter(query.filter, filterFields);
    const sort = readSort(query.sort, sortFields);
    const { customers, total } = await store.list({ customerId: request.caller.subject, filter, sort, page });
    const { data, included } = await shown(customers, request, reply);
    return listReply({ request, publicUrl }, page, total, data, included);
  });

  server.get(paths.attributes, { schema: { summary: 'The members of a customer' } }, async (request, reply) =>
    attributesWithFields(attributesReply('customers', NewCustomer), await fieldsToShow(fields, request, reply)),
  );

  server.get<ById>(paths.customer, { schema: { summary: 'Read a customer' } }, async (request, reply) => {
    const customer = await store.find(customerIdOf(request.params.customerId));
    if (customer === undefined) throw customerMissing();
    const { data, included } = await shown([customer], request, reply);
    return { data: data[0], ...includedMember(included) };
  });

  server.post(paths.customers, { schema: { summary: 'Make a customer' } }, async (request, reply) => {
    const data = objectOf(request.body);
    const { name, email, password } = newCustomer(data);
    const { fields: all } = await fields.known(request.headers);
    const passwordHash = password === undefined ? null : await hashOf(password);
    const at = microsOf(now());
    const customer = { id: randomUUID(), name, email, passwordHash, createdAt: at, updatedAt: at, values: {} };
    const made = await writing(handlers, request.headers, async (changes) => {
      await changes.insert(customer);
      const given = checkValues(all, data, true);
      if (given.size === 0) return customer;
      return changes.setValues(customer, { values: written({}, given), given, fields: all });
    });
    return reply.code(201).send({ data: customerView(made, all) });
  });

  server.put<ById>(paths.customer, { schema: { summary: 'Change a customer' } }, async (request) => {
    const data = objectOf(request.body);
    const change = customerChange(data);
    requireSameId(request.params.customerId, change.id);
    const id = customerIdOf(request.params.customerId);
    const { fields: all } = await fields.known(request.headers);
    const { password } = change;
    const passwordHash = password === undefined ? undefined : await hashOf(password);
    const changed = await writing(handlers, request.headers, async (changes) => {
      const before = await changes.find(id);
      if (before === undefined) throw customerMissing();
      const after = changedBy(before, change, passwordHash, microsOf(now()));
      await changes.update(after);
      const given = checkValues(all, data, false);
      if (given.size === 0) return after;
      return changes.setValues(after, { values: written(before.values, given), given, fields: all });
    });
    return { data: customerView(changed, all) };
  });

  server.delete<ById>(paths.customer, { schema: { summary: 'Delete a customer' } }, async (request, reply) => {
    const id = customerIdOf(request.params.customerId);
    await writing(handlers, request.headers, async (changes) => {
      const customer = await changes.find(id);
      if (customer === undefined) throw customerMissing();
      await changes.delete(customer);
    });
    return reply.code(204).send();
  });

  addTargetRoutes(server, { requirePeer: handlers.requirePeer, of: existingIn(handlers) });
  addTokenRoutes(server, handlers);
  addAddressRoutes(server, handlers);
  addLinkRoutes();

  function addLinkRoutes(): void {
    const missing = (what: string) => () =>
      new CustomersError('not_found', { detail: `The requested ${what} could not be found` });
    const customers = customerEntities(handlers);
    addFieldLinkRoutes(server, paths.customer, 200, {
      ...{ entities: customers, fields, now, missing: missing('customer') },
      idOf: ({ customerId = '' }) => customerId,
    });
    addFieldLinkRoutes(server, paths.address, 200, {
      ...{ entities: addressesOfCustomers(handlers), fields: addressFields, now, missing: missing('address') },
      idOf: ({ customerId = '', addressId = '' }) => `${customerId}\0${addressId}`,
    });
    const entries = { administratorsOnly: true as const, includes, publicUrl, pageLength, now };
    addEntryRoutes(server, { ...entries, slug: flows.customers, entities: customers, fields });
    addEntryRoutes(server, {
      ...{ ...entries, slug: flows.addresses, entities: addressEntities(handlers), fields: addressFields },
    });
  }

  /** A hash takes longer than all else: a request that belongs to the other side is sent there before. */
  async function hashOf(password: string): Promise<string> {
    await store.requireOwner();
    return passwords.hash(password);
  }

  /** Customers in the form of the API, with what the request wants included. */
  async function shown(customers: readonly Customer[], request: FastifyRequest, reply: FastifyReply) {
    const all = await fieldsToShow(fields, request, reply);
    const values = customers.map((customer) => customer.values);
    const included = await includedFor(includes, request, reply, all, values);
    return { data: customers.map((customer) => customerView(customer, all)), included };
  }
}
