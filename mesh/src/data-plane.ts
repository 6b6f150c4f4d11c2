import type { Operation } from './admin/server.ts';

/** What takes the requests of a mesh: the process of the control plane itself, or workers. */
export interface DataPlane {
  /** Port by entrance name. Gateways with several ports appear once per port, as `name` and `name:port`. */
  listen(): Promise<ReadonlyMap<string, number>>;
  /** Whether anything takes requests. */
  ready(): boolean;
  /** Called when something in force has changed, or the endpoints or their health. */
  publish(): void;
  /** Resolves when everything that takes requests has in force what the control plane has. */
  settled(): Promise<void>;
  /**
   * Replaces the workers one after the other, losing no request; resolves when all are new.
   *
   * @throws ControlError invalid: when there are no workers; Error when a new one cannot start: then the old ones stay
   */
  restart(who: string, why: string): Promise<void>;
  /** Requests under way in this process, all listeners together. */
  inFlight(): number;
  /** Accepts nothing new, and ends what is under way, for at most `drainMs`. */
  drain(): Promise<void>;
  /** The operations of the admin port: `own`, those of this process, with what workers know. */
  operations(own: readonly Operation[]): Operation[];
}
