import { randomUUID } from 'node:crypto';
import Type from 'typebox';
import type { Members } from '../api/body.ts';
import { type Fault, failedValidation } from '../api/faults.ts';
import { momentOf } from '../api/moment.ts';
import { LongText, ShortText } from '../api/text.ts';
import { checker } from '../api/validate.ts';
import type { PromotionRow } from './store.ts';
import { Amounts, type Offer, type PromotionType, promotionTypes, schemas } from './types.ts';

const Moment = Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}', maxLength: 40 });
const OptionalAmounts = Type.Optional(Type.Union([Amounts, Type.Null()]));

export const NewPromotion = Type.Object({
  type: Type.Literal('promotion'),
  name: ShortText,
  description: LongText,
  enabled: Type.Boolean(),
  automatic: Type.Optional(Type.Boolean()),
  promotion_type: Type.Enum(promotionTypes),
  schema: Type.Object({}),
  min_cart_value: OptionalAmounts,
  max_discount_value: OptionalAmounts,
  start: Moment,
  end: Moment,
});
const checkNew = checker(NewPromotion);
const checkChange = checker(Type.Partial(Type.Object({ ...NewPromotion.properties, id: Type.String() })));
const offerChecks = new Map(promotionTypes.map((type) => [type, checker(schemas[type], 'data.schema')]));

/**
 * A new promotion.
 * @throws ShopError `validation_failed` when a member is wrong, or the schema does not fit the type
 */
export function newPromotion(data: Members, now: Date): PromotionRow {
  const { name, description, enabled, automatic = false, ...given } = checkNew(data);
  return checkedRow({
    ...{ id: randomUUID(), name, description, enabled, automatic, created_at: now, updated_at: now },
    ...offerOf(given.promotion_type, given.schema),
    min_cart_value: given.min_cart_value ?? [],
    max_discount_value: given.max_discount_value ?? [],
    starts_at: momentIn(given.start, 'start'),
    ends_at: momentIn(given.end, 'end'),
  });
}

/**
 * A promotion with the given members replaced.
 * @throws ShopError `validation_failed` when a member is wrong, or the schema does not fit the type
 */
export function changedPromotion(before: PromotionRow, data: Members, now: Date) {
  const given = checkChange(data);
  const orNone = (amounts: Amounts | null | undefined, kept: Amounts) =>
    amounts === undefined ? kept : (amounts ?? []);
  const row = checkedRow({
    ...before,
    ...offerOf(given.promotion_type ?? before.promotion_type, given.schema ?? before.schema),
    name: given.name ?? before.name,
    description: given.description ?? before.description,
    enabled: given.enabled ?? before.enabled,
    automatic: given.automatic ?? before.automatic,
    min_cart_value: orNone(given.min_cart_value, before.min_cart_value),
    max_discount_value: orNone(given.max_discount_value, before.max_discount_value),
    starts_at: given.start === undefined ? before.starts_at : momentIn(given.start, 'start'),
    ends_at: given.end === undefined ? before.ends_at : momentIn(given.end, 'end'),
    updated_at: now,
  });
  return { bodyId: given.id, row };
}

function offerOf(type: PromotionType, schema: object): Offer {
  return { promotion_type: type, schema: offerChecks.get(type)?.(schema) } as Offer;
}

function momentIn(text: string, member: 'start' | 'end'): Date {
  const ms = momentOf(text);
  if (ms !== undefined) return new Date(ms);
  const source = `data.${member}`;
  throw failedValidation([{ detail: `The ${source} field must be a date or a timestamp.`, source }]);
}

function checkedRow(row: PromotionRow): PromotionRow {
  const faults: Fault[] = [];
  const fault = (member: string, complaint: string) => {
    const source = `data.${member}`;
    faults.push({ detail: `The ${source} field ${complaint}.`, source });
  };
  if (row.ends_at <= row.starts_at) fault('end', 'must be after data.start');
  if (row.promotion_type === 'x_for_y' && row.schema.y >= row.schema.x) fault('schema.y', 'must be less than x');
  const lists: [string, readonly { currency: string }[]][] = [
    ['min_cart_value', row.min_cart_value],
    ['max_discount_value', row.max_discount_value],
  ];
  if ('currencies' in row.schema) {
    lists.push(['schema.currencies', row.schema.currencies]);
    if (row.schema.currencies.length === 0) fault('schema.currencies', 'is required');
  }
  for (const [member, amounts] of lists) {
    if (new Set(amounts.map(({ currency }) => currency)).size < amounts.length) fault(member, 'holds a currency twice');
  }
  if (faults.length > 0) throw failedValidation(faults);
  return row;
}
