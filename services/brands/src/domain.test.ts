import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Brand, brandIdOf, brandView, changedBy, madeOf, requireNotAbove, treeOf } from './domain.ts';

const brand = (id: string, parentId: string | null = null): Brand => ({
  ...madeOf({ type: 'brand', name: id, slug: id }, id, 1_000),
  parentId,
});

test('a new brand is a draft, and a change keeps what it does not name', () => {
  const made = madeOf({ type: 'brand', name: 'N', slug: 's' }, 'id', 1_000);
  assert.deepEqual([made.status, made.description, made.parentId], ['draft', '', null]);
  assert.deepEqual(changedBy(made, { description: 'D' }, 2_000), { ...made, description: 'D', updatedAt: 2_000 });
});

test('an id is a UUID in either case', () => {
  assert.equal(brandIdOf('0B0B0B0B-0000-4000-8000-00000000000A'), '0b0b0b0b-0000-4000-8000-00000000000a');
  assert.throws(() => brandIdOf('x'), { code: 'brand_missing' });
});

test('a brand is not above itself', () => {
  requireNotAbove(['parent', 'root'], ['child']);
  assert.throws(() => requireNotAbove(['parent', 'root'], ['child', 'root']), { code: 'under_itself' });
});

test('a brand shows the relations that the caller may see', () => {
  const related = {
    ...{ products: new Map([['a', ['p']]]), children: new Map([['a', ['b']]]), parents: new Set(['root']) },
    fields: [],
  };
  assert.deepEqual(brandView(brand('a', 'root'), related).relationships, {
    products: { data: [{ type: 'product', id: 'p' }] },
    parent: { data: { type: 'brand', id: 'root' } },
    children: { data: [{ type: 'brand', id: 'b' }] },
  });
  assert.deepEqual(brandView(brand('b', 'hidden'), related).relationships, {});
});

test('the tree leaves out what has no way to the top, and ends even where parents form a circle', () => {
  const tree = treeOf([brand('a'), brand('b', 'a'), brand('c', 'gone'), brand('x', 'y'), brand('y', 'x')]);
  assert.deepEqual(
    tree.map(({ id, children }) => [id, children?.map((child) => child.id)]),
    [['a', ['b']]],
  );
});
