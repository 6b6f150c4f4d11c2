import type { GroupKind } from '../kind.ts';
import type { GroupStore } from '../store.ts';

/** A service of groups. */
export interface GroupsSubject {
  kind: GroupKind;
  /** The store is in the process: it is not down while the process is up. */
  isEmbedded?: true;
  /**
   * Starts an instance on an empty store of its own.
   *
   * @param env besides the addresses of its store and of the mesh
   */
  start(meshUrl: string, env?: Record<string, string>): Promise<GroupsInstance>;
}

/** A running instance. */
export interface GroupsInstance {
  service: {
    url: string;
    ready: Promise<void>;
    store: Pick<GroupStore, 'all' | 'transaction' | 'linksOf' | 'forgetReplies'>;
  };
  /** Lines of its log. */
  lines: string[];
  /** The environment of another instance on the same store. */
  place: Record<string, string>;
  /** Absent of a store in the process. */
  outage?: { begin(): Promise<void>; end(): Promise<void> };
  /** Stops the instance, and keeps its store. */
  stop(): Promise<void>;
  /** Stops it if it runs, and deletes the store. */
  close(): Promise<void>;
}
