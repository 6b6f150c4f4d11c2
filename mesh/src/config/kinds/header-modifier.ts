import type { HeaderModifier } from '../model.ts';
import { headerName, headerValue } from '../shapes/leaf-shapes.ts';
import { object, required, withDefault } from '../shapes/object-shape.ts';
import { list, ruled, type Shape } from '../shapes/shape.ts';
import { firstOfName } from './first-of-name.ts';

const headers = firstOfName(
  list(
    object({
      name: required('name', headerName, 'Name of the header.'),
      value: required('value', headerValue, 'Value of the header.'),
    }),
    { max: 16 },
  ),
);

/** Fields that frame a message or belong to one connection: filters must not change them. */
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
    set: withDefault('set', headers, [], 'Headers to overwrite or add.'),
    add: withDefault('add', headers, [], 'Headers to add to those of the same name.'),
    remove: withDefault('remove', list(headerName, { max: 16 }), [], 'Headers to remove.'),
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
      if (remove.indexOf(name) < index) at.fault(steps, 'must not appear twice in one list');
      if ([...set, ...add].some((field) => field.name === name)) {
        at.warn(steps, 'is also removed: set and add of this field have no effect');
      }
    }
  },
);
