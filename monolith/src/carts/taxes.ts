import Type, { type Static } from 'typebox';
import { maxTaxRate } from '../money.ts';

const Text = Type.Optional(Type.Union([Type.String({ maxLength: 255 }), Type.Null()]));

const members = {
  name: Text,
  jurisdiction: Text,
  code: Text,
  rate: Type.Number({ minimum: 0, maximum: maxTaxRate }),
};

/** A tax that is sent with a line. */
export const TaxItem = Type.Object({ type: Type.Optional(Type.String()), ...members });
/** A tax as its own resource. */
export const NewTaxItem = Type.Object({ type: Type.Literal('tax_item'), ...members });
export const TaxChange = Type.Partial(TaxItem);
export type TaxItem = Static<typeof TaxItem>;
