import { currencies } from './currencies.ts';
import type { SeededGroup } from './groups.ts';
import { type Plan, spread } from './plan.ts';
import { Random } from './random.ts';
import type { Cell, Table } from './table.ts';
import { adjectives, colors, materials, nouns, places, seasons } from './words.ts';

export interface SeededProduct {
  id: string;
  /** The base of a child product. */
  parentId?: string;
  name: string;
  slug: string;
  sku: string;
  description: string;
  manageStock: boolean;
  digital: boolean;
  live: boolean;
  /** Minor units, by ISO code. */
  prices: Readonly<Record<string, number>>;
  attributes: Readonly<Record<string, unknown>>;
  categories: SeededGroup[];
  brand: SeededGroup;
  collections: SeededGroup[];
  createdAt: Date;
}

/** The groups that contain products. */
export interface Shelves {
  categories: readonly SeededGroup[];
  brands: readonly SeededGroup[];
  collections: readonly SeededGroup[];
}

export function planProducts(plan: Plan, shelves: Shelves): SeededProduct[] {
  const random = new Random(plan.seed, 'products');
  const { products: count } = plan.size;
  return Array.from({ length: count }, (_, index) => {
    const colour = random.pick(colors);
    const material = random.pick(materials);
    const noun = random.pick(nouns);
    const name = `${random.pick(adjectives)} ${noun} in ${colour} ${material}`;
    const digital = random.chance(5);
    return {
      id: random.uuid(),
      name,
      slug: `${name.toLowerCase().replaceAll(' ', '-')}-${index + 1}`,
      sku: `${noun.slice(0, 3).toUpperCase()}-${String(index + 1).padStart(5, '0')}`,
      description: `A ${noun.toLowerCase()} of ${colour} ${material}, made to be repaired and kept.`,
      manageStock: !digital && random.chance(90),
      digital,
      live: random.chance(95),
      prices: pricesOf(random.int(5, 400) * 100 + 99),
      attributes: attributesOf(random, { colour, material, digital }),
      categories: random.sample(shelves.categories, random.int(1, 2)),
      brand: random.pick(shelves.brands),
      collections: random.chance(40) ? random.sample(shelves.collections, random.int(1, 2)) : [],
      createdAt: spread(plan, 730, index, count),
    };
  });
}

function pricesOf(dollars: number): Record<string, number> {
  return Object.fromEntries(
    currencies.map(({ code, rate }) => [code, Math.max(99, Math.round((dollars * rate) / 100) * 100 - 1)]),
  );
}

function attributesOf(
  random: Random,
  { colour, material, digital }: { colour: string; material: string; digital: boolean },
) {
  if (digital) return { origin: random.pick(places)[2] };
  const cm = () => random.int(5, 200);
  return {
    weight: { unit: 'g', value: random.int(1, 400) * 50 },
    dimensions: { unit: 'cm', width: cm(), height: cm(), depth: cm() },
    material,
    colour,
    ...(random.chance(50) && { season: random.pick(seasons) }),
    origin: random.pick(places)[2],
    ...(random.chance(60) && { warranty_months: random.pick([6, 12, 24, 60]) }),
  };
}

/** Products with their related data. `attributeIds` holds the ids of the attributes by slug. */
export function productTables(products: readonly SeededProduct[], attributeIds: ReadonlyMap<string, number>): Table[] {
  return [
    {
      name: 'products',
      columns: [
        'id',
        'parent_id',
        'name',
        'slug',
        'sku',
        'description',
        'manage_stock',
        'commodity_type',
        'status',
        'created_at',
        'updated_at',
      ],
      rows: products.map((p): Cell[] => [
        p.id,
        p.parentId ?? null,
        p.name,
        p.slug,
        p.sku,
        p.description,
        p.manageStock,
        p.digital ? 'digital' : 'physical',
        p.live ? 'live' : 'draft',
        p.createdAt,
        p.createdAt,
      ]),
    },
    {
      name: 'product_prices',
      columns: ['product_id', 'currency', 'amount', 'includes_tax'],
      rows: products.flatMap((p) =>
        Object.entries(p.prices).map(([code, amount]): Cell[] => [p.id, code, amount, true]),
      ),
    },
    {
      name: 'product_attribute_values',
      columns: ['product_id', 'attribute_id', 'value'],
      rows: products.flatMap((p) =>
        Object.entries(p.attributes).flatMap(([slug, value]): Cell[][] => {
          const attributeId = attributeIds.get(slug);
          return attributeId === undefined ? [] : [[p.id, attributeId, { json: value }]];
        }),
      ),
    },
    links('product_categories', 'category_id', products, (p) => p.categories),
    links('product_brands', 'brand_id', products, (p) => [p.brand]),
    links('product_collections', 'collection_id', products, (p) => p.collections),
  ];
}

function links(
  name: string,
  column: string,
  products: readonly SeededProduct[],
  groupsOf: (product: SeededProduct) => readonly SeededGroup[],
): Table {
  return {
    name,
    columns: ['product_id', column, 'position'],
    rows: products.flatMap((product) => groupsOf(product).map(({ id }, index): Cell[] => [product.id, id, index + 1])),
  };
}
