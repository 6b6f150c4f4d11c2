import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changedBy, type Group, groupIdOf, madeOf, requireNotAbove } from './group.ts';
import type { GroupKind } from './kind.ts';
import { groupView, treeOf } from './view.ts';

const kind: GroupKind = { type: 'shelf', plural: 'shelves', members: { type: 'book', plural: 'books' } };
const group = (id: string, parentId: string | null = null): Group => ({
  ...madeOf({ name: id, slug: id }, id, 1_000),
  parentId,
});

test('a new group is a draft, and a change keeps what it does not name', () => {
  const made = madeOf({ name: 'N', slug: 's' }, 'id', 1_000);
  assert.deepEqual([made.status, made.description, made.parentId], ['draft', '', null]);
  assert.deepEqual(changedBy(made, { description: 'D' }, 2_000), { ...made, description: 'D', updatedAt: 2_000 });
});

test('an id is a UUID in either case', () => {
  const id = '0b0b0b0b-0000-4000-8000-00000000000a';
  assert.equal(groupIdOf(kind, id.toUpperCase()), id);
  const detail = 'The requested shelf could not be found';
  assert.throws(() => groupIdOf(kind, 'x'), { code: 'group_missing', details: { title: 'Shelf not found', detail } });
});

test('a group is not above itself', () => {
  requireNotAbove(kind, ['parent', 'root'], ['child']);
  assert.throws(() => requireNotAbove(kind, ['parent', 'root'], ['child', 'root']), { code: 'under_itself' });
});

test('a group shows the relations that the caller may see', () => {
  const related = {
    ...{ members: new Map([['a', ['b1']]]), children: new Map([['a', ['b']]]), parents: new Set(['root']) },
    fields: [],
  };
  assert.deepEqual(groupView(kind, group('a', 'root'), related).relationships, {
    books: { data: [{ type: 'book', id: 'b1' }] },
    parent: { data: { type: 'shelf', id: 'root' } },
    children: { data: [{ type: 'shelf', id: 'b' }] },
  });
  assert.deepEqual(groupView(kind, group('b', 'hidden'), related).relationships, {});
});

test('the tree leaves out what has no way to the top, and ends even where parents form a circle', () => {
  const tree = treeOf(kind, [group('a'), group('b', 'a'), group('c', 'gone'), group('x', 'y'), group('y', 'x')]);
  assert.deepEqual(
    tree.map(({ id, children }) => [id, children?.map((child) => child.id)]),
    [['a', ['b']]],
  );
});
