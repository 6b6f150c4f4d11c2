import { type State, versionOf } from '@banyan/kit/import';
import { attach } from '../monolith/attach.ts';
import { changeOwnership } from '../monolith/fence.ts';
import type { Resource } from '../resources/resource.ts';
import { applyToMonolith } from '../reverse/reverse.ts';
import type { TestMonolith } from './monolith.ts';

/** A resource of a test's monolith, and the steps by which it moves. */
export interface Attached {
  /** Attaches it, with the monolith as the owner in epoch 1. */
  attach(): Promise<void>;
  /** Makes the monolith the owner again, and detaches it. */
  release(): Promise<void>;
  /** The states of aggregates by their keys. An aggregate that is not there has none. */
  states(...keys: string[]): Promise<Map<string, State>>;
  state(key: string): Promise<State | undefined>;
  /** The first keys after one. */
  keys(after: string | null, limit: number): Promise<string[]>;
  /** The keys that were noted since the last call, once each, sorted. */
  noted(): Promise<string[]>;
  /** Makes the monolith a follower, in epoch 2. */
  follow(): Promise<void>;
  /**
   * Brings an aggregate back from its service, or its absence (null).
   *
   * @param version default: newer than all before
   * @returns how many were newer than what is there
   */
  bringBack(key: string, state: State | null, version?: number): Promise<number>;
}

/** @param of called when a step is taken, so that it can be made by `before` */
export function attachedTo(of: () => TestMonolith, resource: Resource): Attached {
  let counter = 0;
  const states = async (...keys: string[]) => {
    const rows = await of().query<{ key: string; state: State }>(resource.states, [keys]);
    return new Map(rows.map(({ key, state }) => [key, state]));
  };
  return {
    attach: async () => {
      await attach(of().pool, resource, 1);
    },
    release: () => of().release(resource),
    states,
    state: async (key) => (await states(key)).get(key),
    keys: async (...range) => (await of().query<{ key: string }>(resource.keys, range)).map(({ key }) => key),
    noted: async () => {
      const rows = await of().query<{ key: string }>('delete from migration.notes returning key');
      return [...new Set(rows.map(({ key }) => key))].sort();
    },
    follow: async () => {
      const [from, to] = [{ epoch: 1, state: 'owner' } as const, { epoch: 2, state: 'follower' } as const];
      await changeOwnership(of().pool, resource.group, from, to);
    },
    bringBack: (key, state, version = versionOf(2, ++counter)) => {
      // What comes back next without a version is newer than this.
      counter = Math.max(counter, version - versionOf(2, 0));
      return applyToMonolith(of().pool, resource, 2, [{ key, version, state }], 'http://shop.test');
    },
  };
}
