import type { Launch } from '../launch.ts';
import type { ServiceSpec } from '../topology/topology.ts';

export interface StoreContext {
  /** Port of 127.0.0.1 to listen on. */
  port: number;
  /** Another port of 127.0.0.1, for what nothing outside of the store uses; the same for the same purpose while free. */
  freePort: (purpose: string) => Promise<number>;
  /** The stack's folder: data goes into a folder of its own below it. */
  folder: string;
  /** The data are deleted afterwards, so the store runs without durability. */
  throwaway: boolean;
  /** The launcher's own environment: the source of `POSTGRES_URL`. */
  variables: Readonly<Record<string, string | undefined>>;
  /** Takes a sentence while something is fetched. */
  progress: (text: string) => void;
  /** Ends what takes long, when the stack is stopped. */
  signal: AbortSignal;
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
  /** Starts within about two seconds, so that tests get it without asking. */
  quick: boolean;
  /** URL of a server at `host:port`, with the user and password that the Compose file gives it. */
  url(service: ServiceSpec, address: string): string;
  /** Asks a server something; rejects, with a `code` where there is one, unless it responds. */
  ask(url: string): Promise<void>;
  /** Arguments of a server whose data are deleted afterwards: a kill loses nothing confirmed, a power cut may. */
  careless: readonly string[];
  /** @throws DevError store_unavailable, saying how to get it. */
  prepare(service: ServiceSpec, context: StoreContext): Promise<PreparedStore>;
}
