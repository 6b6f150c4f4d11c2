import type { Members } from '../api/body.ts';
import { type Fault, failedValidation } from '../api/faults.ts';
import type { Queryable } from '../db.ts';

interface Attribute {
  id: number;
  slug: string;
  field_type: 'string' | 'integer' | 'float' | 'boolean' | 'object';
}

const fitsType: Record<Attribute['field_type'], (value: unknown) => boolean> = {
  string: (value) => typeof value === 'string',
  integer: Number.isSafeInteger,
  float: Number.isFinite,
  boolean: (value) => typeof value === 'boolean',
  object: (value) => typeof value === 'object' && !Array.isArray(value),
};

/**
 * Stores the members of `data` that are attributes. Null unsets an attribute; other members are ignored.
 * @throws ShopError `validation_failed` when a value has the wrong type
 */
export async function writeAttributes(db: Queryable, productId: string, data: Members): Promise<void> {
  const { rows } = await db.query<Attribute>(
    'select id, slug, field_type from product_attributes where slug = any($1)',
    [Object.keys(data)],
  );
  const faults: Fault[] = rows
    .filter(({ slug, field_type }) => data[slug] !== null && !fitsType[field_type](data[slug]))
    .map(({ slug, field_type }) => ({
      detail: `The data.${slug} field must be ${field_type}.`,
      source: `data.${slug}`,
    }));
  if (faults.length > 0) throw failedValidation(faults);
  for (const { id, slug } of rows) {
    if (data[slug] === null) {
      await db.query('delete from product_attribute_values where product_id = $1 and attribute_id = $2', [
        productId,
        id,
      ]);
    } else {
      await db.query(
        `insert into product_attribute_values (product_id, attribute_id, value) values ($1, $2, $3)
         on conflict (product_id, attribute_id) do update set value = excluded.value`,
        [productId, id, JSON.stringify(data[slug])],
      );
    }
  }
}
