import type { Launch } from '../launch.ts';
import type { ServiceSpec } from '../topology/topology.ts';

export interface StoreContext {
  /** Port of 127.0.0.1 to listen on. */
  port: number;
  /** The stack's folder: data goes into a folder of its own below it. */
  folder: string;
  /** The data are deleted afterwards, so the store runs without durability. */
  throwaway: boolean;
  /** The launcher's own environment: the source of `POSTGRES_URL`. */
  variables: Readonly<Record<string, string | undefined>>;
}

/** A store that is found and prepared, but not started. */
export interface PreparedStore {
  /** URL of the server with user and password; without a database. */
  url: string;
  /** Where the server comes from, for the table: `PostgreSQL 17.10 from npm`. */
  source: string;
  /** How to start it; null when it runs already. */
  launch: Launch | null;
  /** The folder of its data; null when another program runs it. */
  data: string | null;
}

/** One kind of store. To add one: write a driver and list it in `drivers.ts`. */
export interface StoreDriver {
  /** Name of the container image it stands in for, without registry and tag. */
  image: string;
  /** @throws DevError store_unavailable, saying how to get it. */
  prepare(service: ServiceSpec, context: StoreContext): Promise<PreparedStore>;
}
