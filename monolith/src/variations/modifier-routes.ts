import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { objectOf } from '../api/body.ts';
import { failedValidation, unprocessable } from '../api/faults.ts';
import { sameId } from '../api/unique.ts';
import { checker } from '../api/validate.ts';
import type { Shop } from '../shop.ts';
import { changeVariation } from './change-variation.ts';
import { requireModifier, requireOption, requireVariation } from './find-variation.ts';
import { type Modifier, modifierOf, modifierTypes } from './modifier-types.ts';
import type { ModifierRow, OptionRow } from './variation-rows.ts';
import { modifierView } from './variation-view.ts';

/** The most modifiers of one option. */
const maxModifiers = 50;

// As with options, a body may lack its type or have an earlier name.
const type = Type.Optional(Type.Enum(['modifier', 'product-modifier']));
const newModifier = checker(Type.Object({ type, modifier_type: Type.Enum(modifierTypes), value: Type.Unknown() }));
const modifierChange = checker(
  Type.Object({
    type,
    modifier_type: Type.Optional(Type.Enum(modifierTypes)),
    value: Type.Optional(Type.Unknown()),
    id: Type.Optional(Type.String()),
  }),
);

interface ByOption {
  Params: { variation: string; option: string };
}
interface ByModifier {
  Params: { variation: string; option: string; modifier: string };
}

export function modifierRoutes(app: FastifyInstance, shop: Shop): void {
  const all = '/v2/variations/:variation/options/:option/modifiers';
  const one = `${all}/:modifier`;
  const optionOf = async ({ variation, option }: ByOption['Params']) =>
    requireOption(await requireVariation(shop.db, shop.debts, variation), option);
  const reply = async (params: ByOption['Params'], id: string) => ({
    data: modifierView(requireModifier(await optionOf(params), id)),
  });

  app.get<ByOption>(all, async (request) => ({ data: (await optionOf(request.params)).modifiers.map(modifierView) }));

  app.post<ByOption>(all, async (request, response) => {
    const { modifier_type, value } = newModifier(objectOf(request.body));
    const modifier = modifierOf(modifier_type, value);
    const id = await changeVariation(shop, request, request.params.variation, async (db, variation, now) => {
      const option = requireOption(variation, request.params.option);
      if (option.modifiers.length >= maxModifiers) {
        throw unprocessable('Failed Validation', `An option has at most ${maxModifiers} modifiers`);
      }
      refuseBothWays(modifier, option.modifiers);
      const { rows } = await db.query<{ id: string }>(
        `insert into option_modifiers (option_id, modifier_type, value, created_at, updated_at)
         values ($1, $2, $3, $4, $4) returning id`,
        [option.id, modifier.type, JSON.stringify(modifier.value), now],
      );
      return rows[0]?.id ?? '';
    });
    return response.code(201).send(await reply(request.params, id));
  });

  app.get<ByModifier>(one, (request) => reply(request.params, request.params.modifier));

  app.put<ByModifier>(one, async (request) => {
    const { variation: variationId, option: optionId, modifier: modifierId } = request.params;
    const change = modifierChange(objectOf(request.body));
    sameId(modifierId, change.id);
    await changeVariation(shop, request, variationId, async (db, variation, now) => {
      const option = requireOption(variation, optionId);
      const before = requireModifier(option, modifierId);
      const after = modifierOf(change.modifier_type ?? before.type, change.value ?? before.value);
      refuseBothWays(after, othersThan(before, option));
      await db.query('update option_modifiers set modifier_type = $2, value = $3, updated_at = $4 where id = $1', [
        before.id,
        after.type,
        JSON.stringify(after.value),
        now,
      ]);
    });
    return reply(request.params, modifierId);
  });

  app.delete<ByModifier>(one, async (request, response) => {
    await changeVariation(shop, request, request.params.variation, async (db, variation) => {
      const { id } = requireModifier(requireOption(variation, request.params.option), request.params.modifier);
      await db.query('delete from option_modifiers where id = $1', [id]);
    });
    return response.code(204).send();
  });
}

function othersThan({ id }: ModifierRow, { modifiers }: OptionRow): ModifierRow[] {
  return modifiers.filter((modifier) => modifier.id !== id);
}

/** @throws ShopError `validation_failed` when an option would both raise and lower the price */
function refuseBothWays(modifier: Modifier, others: readonly Modifier[]): void {
  const types = new Set([modifier, ...others].map((each) => each.type));
  if (types.has('price_increment') && types.has('price_decrement')) {
    const detail = 'An option has either a price_increment or a price_decrement.';
    throw failedValidation([{ detail, source: 'data.modifier_type' }]);
  }
}
