/** The types of the values of a field. */
export const fieldTypes = ['string', 'integer', 'boolean', 'float', 'date', 'relationship'] as const;
export type FieldType = (typeof fieldTypes)[number];
