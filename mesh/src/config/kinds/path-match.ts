import { oneOf, text } from '../shapes/leaf-shapes.ts';
import { object, withDefault } from '../shapes/object-shape.ts';
import { maxPatternLength, patternFault } from '../shapes/regex.ts';
import { mapped, ruled } from '../shapes/shape.ts';
import { normalPath, pathFault } from './path-rules.ts';

const writtenPath = ruled(
  object({
    type: withDefault(
      'type',
      oneOf(['Exact', 'PathPrefix', 'RegularExpression']),
      'PathPrefix',
      'How to compare with `value`.',
    ),
    value: withDefault(
      'value',
      text({ says: 'a path', max: maxPatternLength }),
      '/',
      'PathPrefix: whole segments. RegularExpression: the whole path.',
    ),
  }),
  ({ type, value }, at) => {
    const broken = type === 'RegularExpression' ? patternFault(value) : pathFault(value);
    if (broken !== null) at.fault(['value'], broken);
  },
);

/** A condition on the path of a request. */
export const pathMatch = mapped(
  writtenPath,
  ({ type, value }) => ({ type, value: type === 'RegularExpression' ? value : normalPath(value) }),
  (read) => read,
);
