import { type ChangesReply, type Ownership, paths, type State, versionOf } from '../import/import.ts';
import { type Call, callerOf } from './call.ts';

/** The credential of the migration: MIGRATION_TOKEN of an instance in tests. */
export const migrationToken = 'the token of the migration';

export interface Outcome {
  key: string;
  outcome: string;
  reason?: string;
}

/** Stands in for the migration at one resource of an instance. */
export interface Mover {
  call: Call;
  /**
   * Brings the state of an aggregate, or its absence (null), in the first epoch.
   *
   * @param version default: newer than all before
   */
  bring(key: string, state: State | null, version?: number): Promise<Outcome>;
  /** The digest of an aggregate; undefined if the instance does not have it. */
  digest(key: string): Promise<string | undefined>;
  /** The digests of a range of keys. */
  digests(range: {
    after?: string | null;
    to?: string | null;
    keys?: string[];
  }): Promise<{ key: string; digest: string }[]>;
  /** How many aggregates lack a unique name, since another one took it. */
  displaced(): Promise<number>;
  /** Makes the instance the owner, with the way back open. Its own writes are taken from then on. */
  switchHere(): Promise<void>;
  /** Makes the instance a follower in the first epoch, as at its start. */
  followAgain(): Promise<void>;
  /** What the instance wrote as the owner, and was not acknowledged yet. */
  changes(): Promise<ChangesReply['changes']>;
  acknowledge(changes: ChangesReply['changes']): Promise<void>;
}

/** @param url of an instance; a function is asked anew at each call */
export function moverOf(url: string | (() => string), resource: string): Mover {
  const call = callerOf(url, `Bearer ${migrationToken}`);
  let counter = 0;
  const accepted = async (method: string, path: string, given: object) => {
    const { status, body } = await call(method, path, given);
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(body)}`);
    return body;
  };
  const digests: Mover['digests'] = async (range) =>
    (await call('POST', paths.digests(resource), { after: null, to: null, members: true, ...range })).body.members;
  return {
    call,
    bring: async (key, state, version = versionOf(0, ++counter)) => {
      // What is brought next without a version is newer than this.
      counter = Math.max(counter, version);
      const changes = [{ key, version, state }];
      return (await accepted('POST', paths.incoming(resource), { epoch: 0, changes })).outcomes[0];
    },
    digest: async (key) => (await digests({ keys: [key] }))[0]?.digest,
    digests,
    displaced: async () => (await call('GET', paths.ownership(resource))).body.displaced,
    switchHere: async () => {
      const from: Ownership = (await call('GET', paths.ownership(resource))).body.ownership;
      const to = { epoch: from.epoch + 1, state: 'owner', wayBack: true };
      await accepted('PUT', paths.ownership(resource), { from, to });
    },
    followAgain: async () => {
      const from: Ownership = (await call('GET', paths.ownership(resource))).body.ownership;
      const to = { epoch: 0, state: 'follower', wayBack: false };
      await accepted('PUT', paths.ownership(resource), { from, to });
    },
    changes: async () => (await call('GET', paths.changes(resource))).body.changes,
    acknowledge: async (changes) => {
      const seen = changes.map(({ key, version }) => ({ key, version }));
      await accepted('POST', paths.acknowledge(resource), { seen });
    },
  };
}
