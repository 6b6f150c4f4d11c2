import type { HeaderModifier } from '../model.ts';
import { headerName, headerValue } from '../shapes/leaf-shapes.ts';
import { object, required, withDefault } from '../shapes/object-shape.ts';
import { list, ruled, type Shape } from '../shapes/shape.ts';
import { firstOfName } from './first-of-name.ts';

const headers = firstOfName(
  list(
    object({
      name: required('name', headerName, 'Of the header.'),
      value: required('value', headerValue, 'Of the header.'),
    }),
    { max: 16 },
  ),
);

/** Fields that decide where a message ends or belong to one connection: a filter that touched them would break framing. */
export const framing: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Set, add and remove, applied in this order. */
export const headerModifier: Shape<HeaderModifier> = ruled(
  object({
    set: withDefault('set', headers, [], 'Overwritten or added.'),
    add: withDefault('add', headers, [], 'Added to what is there.'),
    remove: withDefault('remove', list(headerName, { max: 16 }), [], 'Removed.'),
  }),
  ({ set, add, remove }, at) => {
    const check = (name: string, steps: (string | number)[]) => {
      if (!framing.has(name)) return;
      const hint = name === 'host' ? { hint: 'use URLRewrite with hostname' } : {};
      at.fault(steps, 'must not be a field that frames the message or belongs to the connection', hint);
    };
    for (const [index, { name }] of set.entries()) check(name, ['set', index, 'name']);
    for (const [index, { name }] of add.entries()) check(name, ['add', index, 'name']);
    for (const [index, name] of remove.entries()) {
      const steps = ['remove', index];
      check(name, steps);
      if (remove.indexOf(name) < index) at.fault(steps, 'must not be there twice in one list');
      if ([...set, ...add].some((field) => field.name === name)) {
        at.warn(steps, 'is removed again: set and add of this field have no effect');
      }
    }
  },
);
