import Type from '../../vendor/typebox.js';

/** Names and slugs: 1 to 255 characters. */
export const ShortText = Type.String({ minLength: 1, maxLength: 255 });
/** Descriptions: up to 65,536 characters. */
export const LongText = Type.String({ maxLength: 65_536 });
/** Clients that read only what is live do not see drafts. */
export const Status = Type.Enum(['live', 'draft']);
