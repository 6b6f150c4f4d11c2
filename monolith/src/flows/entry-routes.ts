import type { FastifyInstance, FastifyRequest } from 'fastify';
import { objectOf } from '../api/body.ts';
import { failedValidation, forbidden, notFound } from '../api/faults.ts';
import { sameId } from '../api/unique.ts';
import { audit } from '../audit.ts';
import { inTransaction, type PoolClient, type Queryable } from '../db.ts';
import { replyOnce } from '../idempotency/reply-once.ts';
import { includedMember, includeOf, listReply, queryOf, readListQuery } from '../lists/query.ts';
import type { Shop } from '../shop.ts';
import { checkValues } from './check-values.ts';
import {
  type EntryPlace,
  type EntryRow,
  entriesById,
  fieldsOf,
  findEntry,
  insertEntry,
  listEntries,
  placeOf,
  touchEntry,
} from './entry-store.ts';
import { requireFlow } from './flow-routes.ts';
import { findFlow } from './flow-store.ts';
import { linkedEntities } from './includes.ts';
import { changeLinks, type Verb } from './relationships.ts';
import { coreSlugOf, sentOn } from './send-on.ts';
import { storeValues } from './store-values.ts';
import { type FieldValues, valuesOf } from './values.ts';

interface ByFlow {
  Params: { id: string };
}
interface ByEntry {
  Params: { id: string; entry: string };
}

/** `/v2/flows/:slug/entries`. The entries of a core flow are its entities: products, customers and so on. */
export function entryRoutes(app: FastifyInstance, shop: Shop): void {
  const list = '/v2/flows/:id/entries';
  const one = `${list}/:entry`;
  const liveOnly = (request: FastifyRequest) => request.access.kind === 'implicit';
  const writes = sentOn(shop);

  app.includables.set('entry', {
    plural: 'entries',
    views: async (_request, ids, to) => {
      const flow = await findFlow(shop.db, to);
      if (flow === undefined) return [];
      const place = placeOf(flow);
      const rows = await entriesById(shop.db, place, ids);
      const values = await readValues(shop, shop.db, place, rows);
      return rows.map((row) => entryView(shop, place, row, values));
    },
  });

  app.get<ByFlow>(list, async (request) => {
    const place = await placeFor(shop.db, request);
    const { page, include } = await readListQuery(shop, request);
    const { rows, total } = await listEntries(shop.db, place, liveOnly(request), page);
    const values = await readValues(shop, shop.db, place, rows);
    const data = rows.map((row) => entryView(shop, place, row, values));
    const included = await linkedEntities(
      request,
      include,
      values,
      rows.map(({ id }) => id),
    );
    return listReply(shop, request, page, total, data, included);
  });

  app.get<ByEntry>(one, async (request) => {
    const place = await placeFor(shop.db, request);
    const row = orMissing(await findEntry(shop.db, place, request.params.entry, { liveOnly: liveOnly(request) }));
    const values = await readValues(shop, shop.db, place, [row]);
    const included = await linkedEntities(request, includeOf(queryOf(request)), values, [row.id]);
    return { data: entryView(shop, place, row, values), ...includedMember(included) };
  });

  app.post<ByFlow>(list, writes, async (request, reply) => {
    const data = objectOf(request.body);
    // A core flow has two names, and an entity one owner, who knows one of them: a key is the same under both.
    const slug = await coreSlugOf(shop, request.params.id);
    const path = slug && `/v2/flows/${slug}/entries`;
    const write = async (db: PoolClient) => {
      const place = await placeFor(db, request, 'for key share');
      if (data.type !== 'entry') {
        throw failedValidation([{ detail: 'The data.type field must be one of entry.', source: 'data.type' }]);
      }
      const id = place.owner === undefined ? await insertEntry(db, place.flow.id, shop.now()) : idIn(data);
      return { data: await writeEntry(shop, db, request, place, { id, data, isNew: true }) };
    };
    return replyOnce(shop, request, reply, 201, write, path);
  });

  app.put<ByEntry>(one, writes, async (request) => {
    const data = objectOf(request.body);
    const id = request.params.entry;
    sameId(id, typeof data.id === 'string' ? data.id : undefined);
    const entry = await inTransaction(shop.db, async (db) => {
      const place = await placeFor(db, request, 'for key share');
      return writeEntry(shop, db, request, place, { id, data, isNew: false });
    });
    return { data: entry };
  });

  app.delete<ByEntry>(one, writes, async (request, reply) => {
    await inTransaction(shop.db, async (db) => {
      const place = await placeFor(db, request, 'for key share');
      const { id } = orMissing(await findEntry(db, place, request.params.entry, { lock: 'for update' }));
      // The entity itself stays: its own area deletes it.
      if (place.owner === undefined) await db.query('delete from flow_entries where id = $1', [id]);
      else await db.query(`delete from ${place.values} where owner_id = $1`, [id]);
      await audit(shop, db, request.access, { action: 'deleted', entity: 'entry', entityId: id });
    });
    return reply.code(204).send();
  });

  const links = `${one}/relationships/:field`;
  app.post<ByEntry>(links, writes, async (request, reply) => reply.code(201).send(await change(request, 'POST')));
  app.put<ByEntry>(links, writes, (request) => change(request, 'PUT'));
  app.delete<ByEntry>(links, writes, async (request, reply) => {
    await change(request, 'DELETE');
    return reply.code(204).send();
  });

  function change(request: FastifyRequest<ByEntry>, verb: Verb) {
    return inTransaction(shop.db, async (db) => {
      const place = await placeFor(db, request, 'for key share');
      const { id } = orMissing(await findEntry(db, place, request.params.entry, { lock: 'for update' }));
      const fields = await fieldsOf(db, place);
      const data = await changeLinks(shop, db, request, verb, { table: place.values, fields, id });
      await touchEntry(db, place, id, shop.now());
      await audit(shop, db, request.access, { action: 'updated', entity: 'entry', entityId: id });
      return { data };
    });
  }
}

/**
 * @throws ShopError `not_found` when there is no such flow
 * @throws ShopError `forbidden` when its entries are entities that the token cannot read in general
 */
async function placeFor(db: Queryable, request: FastifyRequest<ByFlow>, lock?: 'for key share'): Promise<EntryPlace> {
  const place = placeOf(await requireFlow(db, request.params.id, lock));
  const narrowed = request.access.kind === 'implicit' || request.access.customerId !== undefined;
  if (narrowed && place.owner !== undefined && place.owner.publicEntries === undefined) {
    throw forbidden('These entries need client credentials');
  }
  return place;
}

async function readValues(shop: Shop, db: Queryable, place: EntryPlace, rows: readonly EntryRow[]) {
  const ids = rows.map(({ id }) => id);
  return valuesOf(db, shop.debts, place.values, await fieldsOf(db, place), ids);
}

async function writeEntry(
  shop: Shop,
  db: Queryable,
  request: FastifyRequest,
  place: EntryPlace,
  { id, data, isNew }: { id: string; data: Record<string, unknown>; isNew: boolean },
) {
  orMissing(await findEntry(db, place, id, { lock: 'for update' }));
  const fields = await fieldsOf(db, place);
  await storeValues(db, place.values, fields, [{ id, values: checkValues(fields, data, isNew) }]);
  await touchEntry(db, place, id, shop.now());
  const row = orMissing(await findEntry(db, place, id, {}));
  const action = isNew ? 'created' : 'updated';
  await audit(shop, db, request.access, { action, entity: 'entry', entityId: id });
  return entryView(shop, place, row, await readValues(shop, db, place, [row]));
}

/** The entity whose values a new entry of a core flow sets. */
function idIn(data: Record<string, unknown>): string {
  if (typeof data.id === 'string' && data.id !== '') return data.id;
  throw failedValidation([{ detail: 'The data.id field must be the id of the entity.', source: 'data.id' }]);
}

function orMissing(row: EntryRow | undefined): EntryRow {
  if (row === undefined) throw notFound('The requested entry could not be found');
  return row;
}

function entryView(shop: Shop, place: EntryPlace, row: EntryRow, values: FieldValues) {
  const self = `${shop.config.publicUrl}/v2/flows/${place.flow.slug}/entries/${encodeURIComponent(row.id)}`;
  return values.onto({
    id: row.id,
    type: 'entry',
    links: { self },
    meta: { timestamps: { created_at: row.created_at.toISOString(), updated_at: row.updated_at.toISOString() } },
  });
}
