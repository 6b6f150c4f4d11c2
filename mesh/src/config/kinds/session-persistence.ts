import { defaults } from '../defaults.ts';
import type { SessionPersistence } from '../model.ts';
import { cookieName, duration, oneOf } from '../shapes/leaf-shapes.ts';
import { nested, object, optional, withDefault } from '../shapes/object-shape.ts';
import { mapped, ruled, type Shape } from '../shapes/shape.ts';

const cookieConfig = object({
  lifetimeType: withDefault(
    'lifetimeType',
    oneOf(['Session', 'Permanent']),
    defaults.sessionLifetimeType,
    'Permanent: the cookie outlives the browser, for absoluteTimeout.',
  ),
});

/** As read: the name may still be missing, because its default contains the name of the enclosing object. */
export type NamelessSession = Omit<SessionPersistence, 'sessionName'> & { sessionName?: string };

/** Gateway API SessionPersistence (GEP-1619). */
export const sessionPersistence: Shape<NamelessSession> = mapped(
  ruled(
    object({
      sessionName: optional(
        'sessionName',
        cookieName,
        'Name of the cookie or header; absent = `mesh-` and the name of the object.',
      ),
      absoluteTimeoutMs: withDefault('absoluteTimeout', duration({ maxMs: 31_536_000_000 }), 0, '0s = none.'),
      idleTimeoutMs: withDefault('idleTimeout', duration({ maxMs: 31_536_000_000 }), 0, '0s = none.'),
      type: withDefault(
        'type',
        oneOf(['Cookie', 'Header']),
        defaults.sessionType,
        'Where the client carries its session.',
      ),
      cookieConfig: nested('cookieConfig', cookieConfig, 'Only with type Cookie.'),
    }),
    (value, at) => {
      if (value.cookieConfig.lifetimeType === 'Permanent' && value.absoluteTimeoutMs === 0) {
        at.fault(['absoluteTimeout'], 'is required with lifetimeType Permanent');
      }
      if (value.cookieConfig.lifetimeType === 'Permanent' && value.type === 'Header') {
        at.fault(['cookieConfig', 'lifetimeType'], 'must not be Permanent with type Header');
      }
    },
  ),
  ({ cookieConfig: { lifetimeType }, ...rest }) => ({
    ...rest,
    ...(rest.sessionName === undefined || rest.type === 'Cookie'
      ? {}
      : { sessionName: rest.sessionName.toLowerCase() }),
    lifetimeType,
  }),
  ({ lifetimeType, ...rest }) => ({ ...rest, cookieConfig: { lifetimeType } }),
);
