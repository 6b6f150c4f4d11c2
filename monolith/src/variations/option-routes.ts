import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { objectOf } from '../api/body.ts';
import { unprocessable } from '../api/faults.ts';
import { LongText, ShortText } from '../api/text.ts';
import { sameId } from '../api/unique.ts';
import { checker } from '../api/validate.ts';
import type { Shop } from '../shop.ts';
import { changeVariation } from './change-variation.ts';
import { requireOption, requireVariation } from './find-variation.ts';
import { optionView } from './variation-view.ts';

/** The most options of one variation. A product has no more children, so more would be of no use. */
const maxOptions = 250;

// Clients send these bodies as their caller made them: some without a type, some with the name of an earlier version.
const type = Type.Optional(Type.Enum(['option', 'product-variation-option']));
const newOption = checker(Type.Object({ type, name: ShortText, description: Type.Optional(LongText) }));
const optionChange = checker(
  Type.Object({
    type,
    name: Type.Optional(ShortText),
    description: Type.Optional(LongText),
    id: Type.Optional(Type.String()),
  }),
);

interface ByVariation {
  Params: { variation: string };
}
interface ByOption {
  Params: { variation: string; option: string };
}

export function optionRoutes(app: FastifyInstance, shop: Shop): void {
  const all = '/v2/variations/:variation/options';
  const one = `${all}/:option`;
  const reply = async (variation: string, option: string) => ({
    data: optionView(requireOption(await requireVariation(shop.db, shop.debts, variation), option)),
  });

  app.get<ByVariation>(all, async (request) => ({
    data: (await requireVariation(shop.db, shop.debts, request.params.variation)).options.map(optionView),
  }));

  app.post<ByVariation>(all, async (request, response) => {
    const { variation: variationId } = request.params;
    const { name, description = '' } = newOption(objectOf(request.body));
    const id = await changeVariation(shop, request, variationId, async (db, { options }, now) => {
      if (options.length >= maxOptions) {
        throw unprocessable('Failed Validation', `A variation has at most ${maxOptions} options`);
      }
      const { rows } = await db.query<{ id: string }>(
        `insert into variation_options (variation_id, name, description, created_at, updated_at)
         values ($1, $2, $3, $4, $4) returning id`,
        [variationId, name, description, now],
      );
      return rows[0]?.id ?? '';
    });
    return response.code(201).send(await reply(variationId, id));
  });

  app.get<ByOption>(one, (request) => reply(request.params.variation, request.params.option));

  app.put<ByOption>(one, async (request) => {
    const { variation: variationId, option: optionId } = request.params;
    const { name, description, id } = optionChange(objectOf(request.body));
    sameId(optionId, id);
    await changeVariation(shop, request, variationId, async (db, variation, now) => {
      requireOption(variation, optionId);
      await db.query(
        `update variation_options set name = coalesce($2, name), description = coalesce($3, description), updated_at = $4
         where id = $1`,
        [optionId, name, description, now],
      );
    });
    return reply(variationId, optionId);
  });

  app.delete<ByOption>(one, async (request, response) => {
    await changeVariation(shop, request, request.params.variation, async (db, variation) => {
      const { id } = requireOption(variation, request.params.option);
      await db.query('delete from variation_options where id = $1', [id]);
    });
    return response.code(204).send();
  });
}
