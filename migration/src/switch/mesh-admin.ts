import { MigrationError } from '../errors.ts';

/** The requests of one rule, by service. */
export interface RuleWeights {
  /** Null: the rules without a name, together. */
  rule: string | null;
  weights: Readonly<Record<string, number>>;
  /** Who set them; null: they are those of the documents. */
  setBy: string | null;
}

/** What a switch asks of the mesh, all of it confirmed by every one of its processes. */
export interface MeshAdmin {
  /** The weights of a route's rules. */
  weights(route: string): Promise<RuleWeights[]>;
  /** New requests of the rule wait. Resolves when those in flight have ended. */
  hold(route: string, rule: string, forMs: number): Promise<void>;
  release(route: string, rule: string): Promise<void>;
  /** Gives a service all the requests of a rule. */
  shift(route: string, rule: string, service: string, why: string): Promise<void>;
}

/** How long the mesh may take to reply. */
const timeoutMs = 15_000;
/** How long the requests in flight are waited for. The fence waits for their writes in any case. */
const drainMs = 1_000;

/** @param token of the admin port; undefined if it needs none */
export function meshAdmin(url: string, token: string | undefined): MeshAdmin {
  const send = async (method: string, path: string, body?: object): Promise<string> => {
    const reply = await fetch(new URL(path, url), {
      method,
      headers: {
        ...(body ? { 'content-type': 'application/json' } : {}),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
      signal: AbortSignal.timeout(timeoutMs),
    }).catch((error: unknown) => {
      throw new MigrationError('mesh_refused', `the mesh's admin port does not respond at ${new URL(url).origin}`, {
        cause: error,
      });
    });
    const text = await reply.text();
    if (reply.ok) return text;
    throw new MigrationError(
      'mesh_refused',
      `the mesh replied ${reply.status} to ${method} ${path}: ${text.slice(0, 300)}`,
    );
  };
  const rulePath = (route: string, rule: string) =>
    `/routes/${encodeURIComponent(route)}/rules/${encodeURIComponent(rule)}`;
  const who = 'migration';
  return {
    weights: async (route) => {
      const text = await send('GET', `/routes/${encodeURIComponent(route)}`);
      const { weightGroups } = JSON.parse(text) as {
        weightGroups: { rule: string | null; weights: Record<string, number>; changed: { who: string } | null }[];
      };
      return weightGroups.map(({ rule, weights, changed }) => ({ rule, weights, setBy: changed?.who ?? null }));
    },
    hold: async (route, rule, forMs) => {
      await send('POST', `${rulePath(route, rule)}/hold`, { forMs, who, why: 'the owner changes' });
      await send('GET', `${rulePath(route, rule)}/hold?waitMs=${drainMs}`);
    },
    release: async (route, rule) => {
      await send('DELETE', `${rulePath(route, rule)}/hold`, { who, why: 'the owner has changed' });
    },
    shift: async (route, rule, service, why) => {
      await send('POST', `${rulePath(route, rule)}/weights`, { weights: { [service]: 100 }, who, why });
    },
  };
}
