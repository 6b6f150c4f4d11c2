import pg from 'pg';
import { isStoreUnavailable } from './db.ts';
import { type ErrorCode, ShopError } from './errors.ts';

/**
 * Maps the SQLSTATE of a failed statement to a fault (PostgreSQL manual, appendix A). These failures are never 500,
 * because a concurrent request may have caused them. Undefined for errors of other origin and for bugs.
 */
export function storeFault(error: unknown): ShopError | undefined {
  const [code, detail] = isStoreUnavailable(error) ? unavailable : meaning(error);
  return code && new ShopError(code, { detail }, { cause: error });
}

type Meaning = readonly [code: ErrorCode | undefined, detail: string];

const unavailable: Meaning = ['store_unavailable', 'The store does not respond; try again'];
const notItsFault: Meaning = [undefined, ''];

function meaning(error: unknown): Meaning {
  if (!(error instanceof pg.DatabaseError)) return notItsFault;
  switch (error.code) {
    // Foreign key: the parent of the new row was deleted meanwhile.
    case '23503':
      return ['not_found', 'What the request refers to could not be found'];
    // Unique constraint, if the route has no more specific message.
    case '23505':
      return ['conflict', 'Another request has stored the same thing'];
    // Raised by a trigger: another program owns these rows now, and the request belongs there.
    case 'BN421':
      return ['misdirected', 'Another program owns this resource now; send the request there'];
    // Statement timeout, lock timeout, deadlock, serialization: the transaction was aborted.
    case '57014':
    case '55P03':
    case '40P01':
    case '40001':
      return ['store_unavailable', 'The store is too busy to end this in time; try again'];
    default:
      // Class 22: the value does not fit its type, for example a text with a NUL.
      return error.code?.startsWith('22')
        ? ['bad_request', 'The request holds a value that cannot be stored']
        : notItsFault;
  }
}
