import type { FastifyInstance, FastifyRequest } from 'fastify';
import { objectOf } from '../api/body.ts';
import { failedValidation, notFound } from '../api/faults.ts';
import { isUuid } from '../api/ids.ts';
import { allOf, Bindings } from '../api/sql.ts';
import { sameId } from '../api/unique.ts';
import { checker } from '../api/validate.ts';
import { inTransaction, isUniqueViolation, type Queryable } from '../db.ts';
import { recordDeletion, recordEvent } from '../events/record.ts';
import { attributesWithFields } from '../flows/attributes.ts';
import { withFields, withFieldsOf, writeFields } from '../flows/entity-fields.ts';
import { includedByFields } from '../flows/includes.ts';
import { owners } from '../flows/owners.ts';
import { filterConditions, textField, timeField, uuidField } from '../lists/filter-fields.ts';
import { includedMember, includeOf, listReply, queryOf, readListQuery } from '../lists/query.ts';
import { byText, orderBy } from '../lists/sort.ts';
import { hashSecret } from '../oauth/secret-hash.ts';
import type { Shop } from '../shop.ts';
import { addressRoutes } from './address-routes.ts';
import { CustomerUpdate, NewCustomer } from './schema.ts';
import { signInRoute } from './sign-in.ts';
import {
  type Customer,
  countCustomers,
  deleteCustomer,
  emailTaken,
  findCustomer,
  insertCustomer,
  selectCustomers,
  updateCustomer,
} from './store.ts';
import type { CustomerTokens } from './tokens.ts';

type ById = { Params: { customerId: string } };

const checkNew = checker(NewCustomer);
const checkUpdate = checker(CustomerUpdate);

const filters = {
  id: uuidField('c.id = any($::uuid[])'),
  name: textField('c.name'),
  email: textField('c.email'),
  created_at: timeField('c.created_at'),
  updated_at: timeField('c.updated_at'),
};
const sorts = {
  name: byText('c.name'),
  email: byText('c.email'),
  created_at: 'c.created_at',
  updated_at: 'c.updated_at',
};

/** `/v2/customers`, their tokens and their addresses. The access rules read the parameter `customerId`. */
export function customerRoutes(app: FastifyInstance, shop: Shop, tokens: CustomerTokens): void {
  app.includables.set('customer', {
    plural: 'customers',
    seenBy: 'administrators_alone',
    views: async ({ access }, ids) => {
      // Links of other entities must not show customers to shoppers.
      if (access.kind !== 'client_credentials' || access.customerId !== undefined) return [];
      const bindings = new Bindings();
      const where = `c.id = any(${bindings.add(ids.filter(isUuid))}::uuid[])`;
      const rows = await selectCustomers(shop.db, { where, tail: 'order by c.created_at, c.id', bindings });
      return withFields(shop, shop.db, owners.customers, rows.map(customerView));
    },
  });
  app.get('/v2/customers', (request) => listCustomers(shop, request));
  app.get('/v2/customers/attributes', async () => attributesWithFields(shop.db, owners.customers, NewCustomer));
  signInRoute(app, shop, tokens);

  app.post('/v2/customers', async (request, reply) => {
    const data = objectOf(request.body);
    const { name, email, password } = checkNew(data);
    const passwordHash = password === undefined ? undefined : await hashSecret(password);
    const customer = await freeEmail(() =>
      inTransaction(shop.db, async (db) => {
        const made = orNotFound(await insertCustomer(db, { name, email, passwordHash }, shop.now()));
        await writeFields(db, owners.customers, made.id, data, true);
        await recorded(db, 'created', made);
        return made;
      }),
    );
    return reply.code(201).send({ data: await shown(customer) });
  });
  app.get<ById>('/v2/customers/:customerId', async (request) => {
    const data = await shown(orNotFound(await findCustomer(shop.db, request.params.customerId)));
    const include = includeOf(queryOf(request));
    const included = await includedByFields(shop, request, owners.customers, [data.id], include);
    return { data, ...includedMember(included) };
  });
  app.put<ById>('/v2/customers/:customerId', async ({ params, body }) => {
    const data = objectOf(body);
    const { id, name, email, password } = checkUpdate(data);
    sameId(params.customerId, id);
    const passwordHash = password === undefined ? undefined : await hashSecret(password);
    const change = { name, email, passwordHash };
    const customer = await freeEmail(() =>
      inTransaction(shop.db, async (db) => {
        const changed = orNotFound(await updateCustomer(db, params.customerId, change, shop.now()));
        await writeFields(db, owners.customers, changed.id, data, false);
        await recorded(db, 'updated', changed);
        return changed;
      }),
    );
    return { data: await shown(customer) };
  });
  app.delete<ById>('/v2/customers/:customerId', async ({ params }, reply) => {
    await inTransaction(shop.db, async (db) => {
      if (!(await deleteCustomer(db, params.customerId))) throw customerNotFound();
      await recordDeletion(db, shop.now(), 'customer', params.customerId.toLowerCase());
    });
    return reply.code(204).send();
  });

  addressRoutes(app, shop);

  async function recorded(db: Queryable, what: 'created' | 'updated', customer: Customer) {
    const data = await withFieldsOf(shop, db, owners.customers, customerView(customer));
    await recordEvent(db, shop.now(), `customer.${what}`, customer.id, { data });
  }

  function shown(customer: Customer) {
    return withFieldsOf(shop, shop.db, owners.customers, customerView(customer));
  }
}

async function listCustomers(shop: Shop, request: FastifyRequest) {
  const query = await readListQuery(shop, request);
  const bindings = new Bindings();
  const { customerId } = request.access;
  const where = allOf([
    ...(customerId === undefined ? [] : [`c.id = ${bindings.add(customerId)}`]),
    ...filterConditions(query.filter, filters, bindings),
  ]);
  const order = orderBy(query.sort, sorts, 'c.created_at, c.id');
  const total = await countCustomers(shop.db, where, bindings);
  const tail = `${order} limit ${bindings.add(query.page.limit)} offset ${bindings.add(query.page.offset)}`;
  const rows = await selectCustomers(shop.db, { where, tail, bindings });
  const data = await withFields(shop, shop.db, owners.customers, rows.map(customerView));
  const ids = rows.map(({ id }) => id);
  const included = await includedByFields(shop, request, owners.customers, ids, query.include);
  return listReply(shop, request, query.page, total, data, included);
}

// The password itself is never shown, only whether there is one.
function customerView(customer: Customer) {
  return {
    type: 'customer',
    id: customer.id,
    name: customer.name,
    email: customer.email,
    password: customer.hasPassword,
    meta: {
      timestamps: { created_at: customer.createdAt.toISOString(), updated_at: customer.updatedAt.toISOString() },
    },
  };
}

async function freeEmail<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isUniqueViolation(error, emailTaken)) throw error;
    throw failedValidation([{ detail: 'The data.email field is already taken.', source: 'data.email' }]);
  }
}

function orNotFound(customer: Customer | undefined): Customer {
  if (customer === undefined) throw customerNotFound();
  return customer;
}

const customerNotFound = () => notFound('customer not found');
