import { hash32 } from './hash.ts';

/** The session that a client sends: its backends, when the session began, and when the client was last seen. */
export interface Session {
  /** Of backends, the last given first. Tokens of other rules that share the name stay in. */
  tokens: readonly string[];
  /** Whole seconds of the Unix epoch. */
  givenAtS: number;
  seenAtS: number;
}

/** The maximum of backends in one value: the last ones. */
const tokensMax = 4;
/** How far the clock of another mesh may be ahead. */
const skewMaxS = 60;

/** Names a backend without revealing it. The same in every process, so that sessions outlive a restart. */
export function backendToken(serviceId: string): string {
  const hex = (seed: number) => hash32(serviceId, seed).toString(16).padStart(8, '0');
  return hex(0x5e55) + hex(0x10f1);
}

/**
 * Whether a value has the form of a session made by a mesh, valid or not; otherwise the value is a client's own name
 * for itself.
 */
export function isSessionValue(value: string): boolean {
  return /^v1\./.test(value);
}

/**
 * Reads a value from a client, which anyone can have written. It can only choose among the backends that the client may
 * get anyway.
 *
 * @param limits 0 = none
 * @returns null if it is malformed, too old, or from the future
 */
export function readSession(
  value: string,
  nowS: number,
  limits: { absoluteTimeoutMs: number; idleTimeoutMs: number },
): Session | null {
  const parts = /^v1\.([0-9a-z]{1,8})\.([0-9a-z]{1,8})\.([0-9a-f]{16}(?:-[0-9a-f]{16}){0,3})$/.exec(value);
  if (parts === null) return null;
  const givenAtS = Number.parseInt(parts[1] as string, 36);
  const seenAtS = Number.parseInt(parts[2] as string, 36);
  if (givenAtS > nowS + skewMaxS || seenAtS > nowS + skewMaxS || seenAtS < givenAtS) return null;
  if (limits.absoluteTimeoutMs > 0 && (nowS - givenAtS) * 1000 >= limits.absoluteTimeoutMs) return null;
  if (limits.idleTimeoutMs > 0 && (nowS - seenAtS) * 1000 >= limits.idleTimeoutMs) return null;
  return { tokens: (parts[3] as string).split('-'), givenAtS, seenAtS };
}

export function writeSession({ tokens, givenAtS, seenAtS }: Session): string {
  return `v1.${givenAtS.toString(36)}.${seenAtS.toString(36)}.${tokens.join('-')}`;
}

/**
 * The session with `token` in the place of the other backends of the same rule (`instead`). Tokens of other rules keep
 * their place and the session keeps its age, so that two rules under one name do not undo each other.
 */
export function withBackend(session: Session | null, token: string, instead: readonly string[], nowS: number): Session {
  const kept = session?.tokens.filter((other) => other !== token && !instead.includes(other)) ?? [];
  return {
    tokens: [token, ...kept].slice(0, tokensMax),
    // A session without other tokens is a new session.
    givenAtS: kept.length > 0 && session !== null ? session.givenAtS : nowS,
    seenAtS: nowS,
  };
}

/** Every value of the cookie `name` in Cookie fields (RFC 6265 section 5.4), in order. */
export function cookieValues(fields: readonly string[], name: string): string[] {
  const values: string[] = [];
  for (const field of fields) {
    for (const pair of field.split(';')) {
      const at = pair.indexOf('=');
      if (at < 0 || pair.slice(0, at).trim() !== name) continue;
      const value = pair.slice(at + 1).trim();
      values.push(value.startsWith('"') && value.endsWith('"') && value.length > 1 ? value.slice(1, -1) : value);
    }
  }
  return values;
}
