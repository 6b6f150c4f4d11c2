import { type Plan, spread } from './plan.ts';
import { Random } from './random.ts';
import type { Cell, Table } from './table.ts';
import { adjectives, brands, departments, nouns, occasions } from './words.ts';

/** A category, brand or collection. */
export interface SeededGroup {
  id: string;
  parentId: string | null;
  name: string;
  slug: string;
  createdAt: Date;
}

/** Three levels: departments, rooms, and kinds of products. */
export function planCategories(plan: Plan): SeededGroup[] {
  const { categories: count } = plan.size;
  const random = new Random(plan.seed, 'categories');
  const roots = Math.max(2, Math.min(departments.length, Math.floor(count / 6)));
  const middle = roots + Math.floor(count / 4);
  const groups: SeededGroup[] = [];
  for (let index = 0; index < count; index += 1) {
    const above = index < middle ? groups.slice(0, roots) : groups.slice(roots, middle);
    const parent = index < roots ? undefined : random.pick(above);
    const name =
      parent === undefined
        ? (departments[index % departments.length] ?? '')
        : `${random.pick(adjectives)} ${random.pick(nouns)}s`;
    groups.push(group(plan, random, { name, parentId: parent?.id ?? null, index, count }));
  }
  return groups;
}

/** The groups that hold products: those without children. */
export function leavesOf(groups: readonly SeededGroup[]): SeededGroup[] {
  const parents = new Set(groups.map(({ parentId }) => parentId));
  return groups.filter(({ id }) => !parents.has(id));
}

export function planBrands(plan: Plan): SeededGroup[] {
  return flat(plan, 'brands', plan.size.brands, brands, 'Works');
}

export function planCollections(plan: Plan): SeededGroup[] {
  return flat(plan, 'collections', plan.size.collections, occasions, 'No.');
}

export function groupTable(name: 'categories' | 'brands' | 'collections', groups: readonly SeededGroup[]): Table {
  return {
    name,
    columns: ['id', 'parent_id', 'name', 'slug', 'description', 'status', 'created_at', 'updated_at'],
    rows: groups.map((each): Cell[] => [
      each.id,
      each.parentId,
      each.name,
      each.slug,
      `${each.name}, chosen by people who use them.`,
      'live',
      each.createdAt,
      each.createdAt,
    ]),
  };
}

function flat(plan: Plan, stream: string, count: number, words: readonly string[], suffix: string): SeededGroup[] {
  const random = new Random(plan.seed, stream);
  return Array.from({ length: count }, (_, index) => {
    const round = Math.floor(index / words.length);
    const word = words[index % words.length] ?? '';
    const name = round === 0 ? word : `${word} ${suffix} ${round + 1}`;
    return group(plan, random, { name, parentId: null, index, count });
  });
}

function group(
  plan: Plan,
  random: Random,
  { name, parentId, index, count }: { name: string; parentId: string | null; index: number; count: number },
): SeededGroup {
  const slug = `${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}-${index + 1}`;
  return { id: random.uuid(), parentId, name, slug, createdAt: spread(plan, 800, index, count) };
}
