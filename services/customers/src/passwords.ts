import { randomBytes } from 'node:crypto';
import {
  formatSlowHash,
  isUsableSlowHash,
  parseSlowHash,
  type SlowHash,
  type SlowHasher,
  type SlowParameters,
  sameHash,
} from '@banyan/kit/secrets';

/**
 * The cost that OWASP recommends for passwords (Password Storage Cheat Sheet, scrypt): 64 MiB and about 270 ms of one core. It
 * is the monolith's, which verifies what is hashed here when the customers have gone back.
 */
const passwordCost: SlowParameters = { ln: 16, r: 8, p: 2 };
const hashBytes = 32;

/** Hashes passwords off the event loop, a few at a time. The methods reject with ServiceError `busy` when too many wait. */
export class Passwords {
  readonly #slow: Pick<SlowHasher, 'hash'>;
  readonly #cost: SlowParameters;
  /** Stands in for the hash of a customer who has none. It is random, so no password has it. */
  readonly #decoy: Pick<SlowHash, 'parameters' | 'salt' | 'hash'>;

  constructor(slow: Pick<SlowHasher, 'hash'>, cost = passwordCost) {
    this.#slow = slow;
    this.#cost = cost;
    this.#decoy = { parameters: cost, salt: randomBytes(16), hash: randomBytes(hashBytes) };
  }

  /** The stored form: see `password_hash` in schema/001_customers.sql. */
  async hash(password: string): Promise<string> {
    const [salt, parameters] = [randomBytes(16), this.#cost];
    const hash = await this.#slow.hash(password, salt, hashBytes, parameters);
    return formatSlowHash({ parameters, salt, hash });
  }

  /**
   * Whether a password is that of a stored hash. The work of a refusal does not reveal its reason.
   *
   * @param stored null: there is no such customer, or no password
   */
  async verify(password: string, stored: string | null): Promise<boolean> {
    // Of unknown form or unbearable cost: such a customer cannot sign in, until there is a new password.
    const known = stored !== null && isUsableSlowHash(stored) ? parseSlowHash(stored) : null;
    const { parameters, salt, hash } = known ?? this.#decoy;
    const isSame = sameHash(await this.#slow.hash(password, salt, hash.length, parameters), hash);
    return isSame && known !== null;
  }
}
