import { defaults } from '../defaults.ts';
import type { CorsFilter } from '../model.ts';
import { flag, headerName, lowerCase, methodName, oneOf, text, wholeNumber } from '../shapes/leaf-shapes.ts';
import { object, withDefault } from '../shapes/object-shape.ts';
import { list, ruled, type Shape } from '../shapes/shape.ts';

const origin: Shape<string> = lowerCase(
  text({
    says: '"*", or http(s)://host[:port] whose host may start with "*."',
    fault: (value) =>
      /^(\*|https?:\/\/(\*|(\*\.)?([a-z0-9-]+\.)*[a-z0-9-]+)(:[0-9]{1,5})?)$/i.test(value) ? null : '',
  }),
);
const star: Shape<'*'> = oneOf(['*']);
const either = <T extends string>(shape: Shape<T>): Shape<string> => ({
  says: `${shape.says}, or "*"`,
  fallback: shape.fallback,
  read: (at) => (at.tree.kind === 'scalar' && at.tree.value === '*' ? star.read(at) : shape.read(at)),
  write: (value) => value,
});

/** A list in which `*` means all. The Gateway API allows no other entry beside `*`. */
function starAlone(shape: Shape<string[]>): Shape<string[]> {
  return ruled(shape, (values, at) => {
    const star = values.indexOf('*');
    if (star >= 0 && values.length > 1) at.fault([star], 'must be the only entry: it means all');
  });
}

/** HTTPCORSFilter. */
export const cors: Shape<CorsFilter> = object({
  allowOrigins: withDefault(
    'allowOrigins',
    starAlone(list(origin, { max: 64 })),
    [],
    'Origins that may send requests.',
  ),
  allowCredentials: withDefault('allowCredentials', flag, false, 'Whether requests may carry credentials.'),
  allowMethods: withDefault(
    'allowMethods',
    starAlone(list(either(methodName), { max: 9 })),
    [],
    'Methods besides GET, HEAD and POST.',
  ),
  allowHeaders: withDefault(
    'allowHeaders',
    starAlone(list(either(headerName), { max: 64 })),
    [],
    'Request headers besides the simple ones.',
  ),
  exposeHeaders: withDefault(
    'exposeHeaders',
    starAlone(list(either(headerName), { max: 64 })),
    [],
    'Response headers that scripts may read.',
  ),
  maxAgeS: withDefault(
    'maxAge',
    wholeNumber(1, 2_147_483_647, 'seconds'),
    defaults.corsMaxAgeS,
    'How long browsers keep the reply to a preflight.',
  ),
});
