import type { SeededCustomer } from './customers.ts';
import { daysBefore, type Plan, spread } from './plan.ts';
import type { SeededProduct } from './products.ts';
import { Random } from './random.ts';
import type { Cell, Table } from './table.ts';
import { adjectives, materials, occasions, places, streets } from './words.ts';

interface SeededField {
  id: string;
  slug: string;
  type: 'string' | 'integer' | 'boolean' | 'float' | 'date' | 'relationship';
  required: boolean;
  unique: boolean;
  rules: readonly unknown[];
}

interface SeededFlow {
  id: string;
  slug: string;
  name: string;
  fields: SeededField[];
}

type FieldPlan = Pick<SeededField, 'slug' | 'type'> & Partial<SeededField>;

const rule = (type: string, options: unknown) => [{ type, options }];

/** Two flows of core entities, and two with entries of their own. */
const planned: readonly { slug: string; name: string; fields: readonly FieldPlan[] }[] = [
  {
    slug: 'products',
    name: 'Products',
    fields: [
      { slug: 'care', type: 'string', rules: rule('enum', ['wipe', 'wash', 'oil', 'none']) },
      { slug: 'gift_wrap', type: 'boolean' },
      { slug: 'footprint', type: 'integer', rules: rule('between', { from: 0, to: 1_000 }) },
    ],
  },
  {
    slug: 'customers',
    name: 'Customers',
    fields: [
      { slug: 'loyalty', type: 'string', rules: rule('enum', ['none', 'silver', 'gold']) },
      { slug: 'newsletter', type: 'boolean' },
    ],
  },
  {
    slug: 'stores',
    name: 'Stores',
    fields: [
      { slug: 'code', type: 'string', required: true, unique: true },
      { slug: 'street', type: 'string' },
      { slug: 'city', type: 'string', required: true },
      { slug: 'opened', type: 'date' },
      { slug: 'rating', type: 'float', rules: rule('between', { from: 0, to: 5 }) },
    ],
  },
  {
    slug: 'articles',
    name: 'Articles',
    fields: [
      { slug: 'title', type: 'string', required: true },
      { slug: 'published', type: 'date' },
      { slug: 'featured', type: 'relationship', rules: [{ type: 'one-to-many', to: 'product' }] },
    ],
  },
];

/** Flows with their fields and entries, and the values of products and customers. */
export function flowTables(
  plan: Plan,
  products: readonly SeededProduct[],
  customers: readonly SeededCustomer[],
): Table[] {
  const random = new Random(plan.seed, 'flows');
  const flows = planned.map(({ slug, name, fields }): SeededFlow => {
    const made = fields.map((field) => ({
      ...{ id: random.uuid(), required: false, unique: false, rules: [] },
      ...field,
    }));
    return { id: random.uuid(), slug, name, fields: made };
  });
  const at = daysBefore(plan, 800);
  const entries = planEntries(plan, random, flows, products);
  const columns = ['owner_id', 'field_id', 'value'];
  return [
    {
      name: 'flows',
      columns: ['id', 'slug', 'name', 'description', 'enabled', 'created_at', 'updated_at'],
      rows: flows.map(({ id, slug, name }, index): Cell[] => {
        const made = new Date(at.getTime() + index * 1_000);
        return [id, slug, name, `The fields of ${slug}`, true, made, made];
      }),
    },
    {
      name: 'flow_fields',
      columns: [
        ...['id', 'flow_id', 'slug', 'name', 'field_type', 'description', 'required', 'is_unique', 'enabled'],
        ...['position', 'omit_null', 'validation_rules', 'created_at', 'updated_at'],
      ],
      rows: flows.flatMap((flow) =>
        flow.fields.map((field, index): Cell[] => [
          ...[field.id, flow.id, field.slug, field.slug.replaceAll('_', ' '), field.type, ''],
          ...[field.required, field.unique, true, index, false, { json: field.rules }, at, at],
        ]),
      ),
    },
    {
      name: 'flow_entries',
      columns: ['id', 'flow_id', 'created_at', 'updated_at'],
      rows: entries.map(({ id, flow, createdAt }): Cell[] => [id, flow.id, createdAt, createdAt]),
    },
    {
      name: 'flow_entry_values',
      columns,
      rows: entries.flatMap(({ id, flow, values }) => cells(id, flow, values)),
    },
    { name: 'product_field_values', columns, rows: productValues(plan, flowOf(flows, 'products'), products) },
    { name: 'customer_field_values', columns, rows: customerValues(plan, flowOf(flows, 'customers'), customers) },
  ];
}

function flowOf(flows: readonly SeededFlow[], slug: string): SeededFlow {
  const flow = flows.find((each) => each.slug === slug);
  if (flow === undefined) throw new Error(`No flow ${slug} is planned`);
  return flow;
}

function planEntries(plan: Plan, random: Random, flows: readonly SeededFlow[], products: readonly SeededProduct[]) {
  const { entries: count } = plan.size;
  const stores = flowOf(flows, 'stores');
  const articles = flowOf(flows, 'articles');
  return Array.from({ length: count }, (_, index) => {
    const createdAt = spread(plan, 700, index, count);
    const day = createdAt.toISOString().slice(0, 10);
    // Three stores for each article.
    const flow = index % 4 === 3 ? articles : stores;
    const values =
      flow === stores
        ? {
            code: `S-${String(index + 1).padStart(5, '0')}`,
            street: `${random.int(1, 120)} ${random.pick(streets)}`,
            city: random.pick(places)[0],
            opened: day,
            rating: random.int(20, 50) / 10,
          }
        : {
            title: `${random.pick(adjectives)} ${random.pick(materials)} for ${random.pick(occasions)}`,
            published: `${day} 09:00:00`,
            featured: random.sample(products.slice(0, 50), random.int(1, 3)).map(({ id }) => ({ type: 'product', id })),
          };
    return { id: random.uuid(), flow, createdAt, values };
  });
}

function* productValues(plan: Plan, flow: SeededFlow, products: readonly SeededProduct[]): Generator<Cell[]> {
  const random = new Random(plan.seed, 'product fields');
  for (const { id, digital } of products) {
    const care = digital ? 'none' : random.pick(['wipe', 'wash', 'oil']);
    yield* cells(id, flow, { care, gift_wrap: !digital && random.chance(60), footprint: random.int(1, 900) });
  }
}

function* customerValues(plan: Plan, flow: SeededFlow, customers: readonly SeededCustomer[]): Generator<Cell[]> {
  const random = new Random(plan.seed, 'customer fields');
  for (const { id } of customers) {
    // Most customers gave no such details.
    if (!random.chance(30)) continue;
    yield* cells(id, flow, { loyalty: random.pick(['none', 'silver', 'gold']), newsletter: random.chance(50) });
  }
}

function cells(ownerId: string, flow: SeededFlow, values: Readonly<Record<string, unknown>>): Cell[][] {
  return flow.fields.map(({ id, slug }) => [ownerId, id, { json: values[slug] }]);
}
