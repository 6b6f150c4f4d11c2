import Type from '../../../vendor/typebox.js';
import type { Ledger } from '../ledger.ts';
import type { MovedResource } from '../moved-resource.ts';

export interface Thing extends Readonly<Record<string, unknown>> {
  /** Unique. */
  name: string;
}

export const Thing = Type.Object({ name: Type.String({ minLength: 1, maxLength: 100 }) });

/** One engine with an empty store that holds things. */
export interface MovesSubject<Tx> {
  ledger: Ledger<Tx>;
  /** Its name and its group are `things`, its schema is {@link Thing}. */
  resource: MovedResource<Tx, Thing>;
  /** An ordinary write of the service. */
  put(tx: Tx, key: string, name: string): Promise<void>;
  /** Deletes everything, versions and ownership included. */
  clear(): Promise<void>;
  drop(): Promise<void>;
}
