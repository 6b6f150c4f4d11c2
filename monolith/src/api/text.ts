import Type from 'typebox';

/** Names, slugs, SKUs: short enough for an index entry in any script. */
export const ShortText = Type.String({ minLength: 1, maxLength: 255 });
/** Descriptions. */
export const LongText = Type.String({ maxLength: 65_536 });
export const Status = Type.Enum(['live', 'draft']);

/** Whether a text can be stored, here and by any other store: it has no NUL and no lone surrogate. */
export function isText(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}

/** Whether all texts within a value that JSON can hold are texts (`isText`), names of members included. */
export function isStorable(value: unknown): boolean {
  if (typeof value === 'string') return isText(value);
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) return value.every(isStorable);
  return Object.entries(value).every(([name, member]) => isText(name) && isStorable(member));
}
