import type { ServiceSpec } from '../topology/topology.ts';
import type { Supervised } from './supervisor.ts';

/** Why one part of the topology is not ready. */
export interface Cause {
  name: string;
  reason: string;
}

export interface Part {
  /** Why this part itself is not ready; null when it is ready, or only waits for its dependencies. */
  reason: string | null;
  /** Names of its dependencies. */
  needs: readonly string[];
}

/**
 * The root causes that keep `name` from being ready, each once: the failures at the end of the chain of dependencies.
 * Failures that only follow from another one are left out.
 */
export function causesOf(name: string, parts: ReadonlyMap<string, Part>): Cause[] {
  const known = new Map<string, Cause[]>();
  const look = (one: string): Cause[] => {
    const part = parts.get(one);
    const before = known.get(one);
    if (part === undefined || before !== undefined) return before ?? [];
    // Ends the recursion in a circle of dependencies.
    known.set(one, []);
    const below = part.needs.flatMap(look);
    const own = part.reason === null ? [] : [{ name: one, reason: part.reason }];
    const causes = below.length > 0 ? eachOnce(below) : own;
    known.set(one, causes);
    return causes;
  };
  return look(name);
}

/** The causes without repetitions, in their order. */
export function eachOnce(causes: readonly Cause[]): Cause[] {
  return [...new Map(causes.map((cause) => [cause.name, cause])).values()];
}

/** Causes as the reason of what needs them. */
export const needsText = (causes: readonly Cause[]): string =>
  eachOnce(causes)
    .map(({ name, reason }) => `needs ${name}: ${reason}`)
    .join('; ');

/** The parts of a running stack, by name. */
export function partsOf(
  services: readonly ServiceSpec[],
  supervised: ReadonlyMap<string, Supervised>,
): Map<string, Part> {
  const part = ({ name, dependsOn }: ServiceSpec): Part => {
    const one = supervised.get(name);
    if (one?.state === 'ready' || one?.state === 'done') return { reason: null, needs: [] };
    return { reason: one?.why ?? 'not started', needs: Object.keys(dependsOn) };
  };
  return new Map(services.map((service) => [service.name, part(service)]));
}
