import type { FastifyInstance, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { attributesReply } from '../api/attributes.ts';
import { objectOf } from '../api/body.ts';
import { isUuid } from '../api/ids.ts';
import { allOf, Bindings } from '../api/sql.ts';
import { ShortText } from '../api/text.ts';
import { sameId } from '../api/unique.ts';
import { checker } from '../api/validate.ts';
import { audit } from '../audit.ts';
import { inTransaction } from '../db.ts';
import { filterConditions, textField, uuidField } from '../lists/filter-fields.ts';
import { listReply, readListQuery } from '../lists/query.ts';
import { byText, orderBy } from '../lists/sort.ts';
import type { Shop } from '../shop.ts';
import { changeVariation } from './change-variation.ts';
import { missing, requireVariation } from './find-variation.ts';
import { countVariations, selectVariations, variationOrder } from './variation-rows.ts';
import { optionView, variationView } from './variation-view.ts';

const type = Type.Literal('product-variation');
const NewVariation = Type.Object({ type, name: ShortText });
const newVariation = checker(NewVariation);
const variationChange = checker(
  Type.Object({ type: Type.Optional(type), name: Type.Optional(ShortText), id: Type.Optional(Type.String()) }),
);

const filters = { id: uuidField('v.id = any($::uuid[])'), name: textField('v.name') };
const sorts = { created_at: 'v.created_at', name: byText('v.name'), updated_at: 'v.updated_at' };

interface ByVariation {
  Params: { variation: string };
}

export function variationRoutes(app: FastifyInstance, shop: Shop): void {
  app.get('/v2/variations/attributes', () => attributesReply('variations', NewVariation));

  app.get('/v2/variations', (request) => listVariations(shop, request));

  app.post('/v2/variations', async (request, reply) => {
    const { name } = newVariation(objectOf(request.body));
    const id = await inTransaction(shop.db, async (db) => {
      const { rows } = await db.query<{ id: string }>(
        'insert into variations (name, created_at, updated_at) values ($1, $2, $2) returning id',
        [name, shop.now()],
      );
      const entityId = rows[0]?.id ?? '';
      await audit(shop, db, request.access, { action: 'created', entity: 'variation', entityId });
      return entityId;
    });
    return reply.code(201).send(await oneVariation(shop, id));
  });

  app.get<ByVariation>('/v2/variations/:variation', (request) => oneVariation(shop, request.params.variation));

  app.put<ByVariation>('/v2/variations/:variation', async (request) => {
    const { variation: id } = request.params;
    const { name, id: bodyId } = variationChange(objectOf(request.body));
    sameId(id, bodyId);
    await changeVariation(shop, request, id, (db) =>
      db.query('update variations set name = coalesce($2, name) where id = $1', [id, name]),
    );
    return oneVariation(shop, id);
  });

  app.delete<ByVariation>('/v2/variations/:variation', async (request, reply) => {
    const { variation: id } = request.params;
    if (!isUuid(id)) throw missing('variation');
    await inTransaction(shop.db, async (db) => {
      const { rowCount } = await db.query('delete from variations where id = $1', [id]);
      if (rowCount === 0) throw missing('variation');
      await audit(shop, db, request.access, { action: 'deleted', entity: 'variation', entityId: id });
    });
    return reply.code(204).send();
  });
}

async function oneVariation(shop: Shop, id: string) {
  return { data: variationView(await requireVariation(shop.db, shop.debts, id)) };
}

async function listVariations(shop: Shop, request: FastifyRequest) {
  const query = await readListQuery(shop, request);
  const bindings = new Bindings();
  const where = allOf(filterConditions(query.filter, filters, bindings));
  const total = await countVariations(shop.db, where, bindings);
  const order = orderBy(query.sort, sorts, 'v.id', variationOrder);
  const tail = `${order} limit ${bindings.add(query.page.limit)} offset ${bindings.add(query.page.offset)}`;
  const rows = await selectVariations(shop.db, shop.debts, { where, tail, bindings });
  const options = query.include.has('options') ? rows.flatMap((row) => row.options.map(optionView)) : [];
  return listReply(shop, request, query.page, total, rows.map(variationView), { options });
}
