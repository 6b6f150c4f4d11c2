import { defaults } from '../defaults.ts';
import type { RequestMirror } from '../model.ts';
import { wholeNumber } from '../shapes/leaf-shapes.ts';
import { object, optional, required, withDefault } from '../shapes/object-shape.ts';
import { mapped, ruled, type Shape } from '../shapes/shape.ts';
import { backendObject, checkBackendPort, targetOf } from './references.ts';

const fraction = object({
  numerator: required('numerator', wholeNumber(0, 1_000_000_000), 'Dividend of the share.'),
  denominator: withDefault(
    'denominator',
    wholeNumber(1, 1_000_000_000),
    defaults.fractionDenominator,
    'Divisor of the share.',
  ),
});

/** RequestMirror. */
export const mirror: Shape<RequestMirror> = mapped(
  ruled(
    object({
      backendRef: required('backendRef', object(backendObject), 'The backend that gets the copies.'),
      percent: optional(
        'percent',
        wholeNumber(0, 100, 'percent'),
        `Share of requests; absent = ${defaults.mirrorPercent}.`,
      ),
      fraction: optional('fraction', fraction, 'Share of requests, finer than percent.'),
    }),
    (value, at) => {
      checkBackendPort(value.backendRef, at, ['backendRef']);
      if (value.percent !== undefined && value.fraction !== undefined) {
        at.fault(['fraction'], 'must not be combined with percent');
      }
      if (value.fraction !== undefined && value.fraction.numerator > value.fraction.denominator) {
        at.fault(['fraction', 'numerator'], 'must not be greater than the denominator');
      }
    },
  ),
  (value): RequestMirror => ({
    service: value.backendRef.name,
    port: value.backendRef.port ?? 0,
    ...targetOf(value.backendRef),
    numerator: value.fraction?.numerator ?? value.percent ?? defaults.mirrorPercent,
    denominator: value.fraction?.denominator ?? 100,
  }),
  ({ service, port, target, numerator, denominator }) => ({
    backendRef: { group: '', kind: 'Service', ...target, name: service, ...(port === 0 ? {} : { port }) },
    ...(denominator === 100 ? { percent: numerator } : { fraction: { numerator, denominator } }),
  }),
);
