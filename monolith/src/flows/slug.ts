import Type from 'typebox';

/** Slugs of flows and fields: members of JSON objects, and segments of paths. */
export const Slug = Type.String({ pattern: '^[A-Za-z][A-Za-z0-9_-]{0,99}$' });
