import type { Shape } from '../shapes/shape.ts';
import type { Cursor } from '../tree/cursor.ts';
import { follow } from '../tree/tree.ts';

/**
 * The list with each name once. As the Gateway API requires, two identical names are refused. Of names that differ in
 * case only (`X-A` and `x-a`), the first one counts and the others are ignored.
 *
 * @param shape its names are in the form in which they are compared
 */
export function firstOfName<T extends { name: string }>(shape: Shape<T[]>): Shape<T[]> {
  return {
    ...shape,
    read: (at) => {
      const values = shape.read(at);
      const written = values.map((_, index) => writtenName(at, index));
      return values.filter(({ name }, index) => {
        const first = values.findIndex((other) => other.name === name);
        if (first === index) return true;
        const twice = written.indexOf(written[index]) < index;
        if (twice) at.fault([index, 'name'], 'must not appear twice in one list');
        else at.warn([index, 'name'], 'is ignored: the first entry of this name in the list counts');
        return false;
      });
    },
  };
}

function writtenName(at: Cursor, index: number): unknown {
  const found = follow(at.tree, [index, 'name']);
  return found?.kind === 'scalar' ? found.value : undefined;
}
