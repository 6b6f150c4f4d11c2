import Type from 'typebox';

/** Names, slugs, SKUs: short enough for an index entry in any script. */
export const ShortText = Type.String({ minLength: 1, maxLength: 255 });
/** Descriptions. */
export const LongText = Type.String({ maxLength: 65_536 });
export const Status = Type.Enum(['live', 'draft']);
