import { hash } from 'node:crypto';
import type { Client } from '../domain.ts';
import {
  type FastHash,
  fastHash,
  isMachineMade,
  newSalt,
  type SlowHash,
  type SlowParameters,
  sameHash,
} from './hash-format.ts';
import type { SlowHasher } from './slow-hasher.ts';

export interface VerifierOptions {
  slow: SlowHasher;
  /** Parameters of the slow hashes that some client still carries; null when every client has a fast one. */
  slowInUse: () => SlowParameters | null;
  /** A client came with the right secret and has a fast hash from now on. Must not throw. */
  onUpgrade: (client: Client, from: SlowHash, to: FastHash) => void;
  /** For tests that count work instead of time. */
  fast?: typeof fastHash;
  compare?: typeof sameHash;
}

/** What a client that does not exist is compared with. No secret has this hash: it is random, not a hash of anything. */
const decoy: FastHash = { kind: 'fast', salt: newSalt(), hash: Buffer.from(newSalt() + newSalt(), 'hex') };
const decoySlow = { salt: Buffer.from(newSalt(), 'hex'), hash: decoy.hash };

/**
 * Decides whether a secret is a client's, so that refusals tell nothing by the work they take.
 *
 * The right secret of a client with a fast hash costs one fast hash and one comparison. Every refusal costs the same
 * as every other: that fast hash and comparison, and, for as long as any client still carries a slow hash, one slow hash
 * and comparison too; a client that does not exist, or has a fast hash, pays for a decoy. Otherwise an answer that comes
 * late would say "this client exists and has not been here yet".
 */
export class SecretVerifier {
  readonly #options: VerifierOptions;
  readonly #fast: typeof fastHash;
  readonly #compare: typeof sameHash;
  /** Slow work under way, by client and secret: many first requests of one client share one hash. */
  readonly #underWay = new Map<string, Promise<boolean>>();

  constructor(options: VerifierOptions) {
    this.#options = options;
    this.#fast = options.fast ?? fastHash;
    this.#compare = options.compare ?? sameHash;
  }

  /**
   * @param clientId as the request says, whether such a client exists or not
   * @throws AuthError `busy` when too many slow hashes are waited for
   */
  verify(clientId: string, client: Client | null, secret: string): Promise<boolean> | boolean {
    const stored = client?.secret ?? null;
    const reference = stored?.kind === 'fast' ? stored : decoy;
    const matches = this.#compare(this.#fast(secret, reference.salt).hash, reference.hash);
    if (matches && stored?.kind === 'fast') return true;

    const slow = stored?.kind === 'slow' ? stored : null;
    const parameters = slow?.parameters ?? this.#options.slowInUse();
    if (parameters === null) return false;
    return this.#slowly(clientId, client, slow, parameters, secret);
  }

  #slowly(
    clientId: string,
    client: Client | null,
    slow: SlowHash | null,
    parameters: SlowParameters,
    secret: string,
  ): Promise<boolean> {
    // A digest: the secret itself is not kept beyond the call.
    const key = hash('sha256', JSON.stringify([clientId, slow?.text ?? '', secret]), 'base64');
    let work = this.#underWay.get(key);
    if (!work) {
      work = this.#compareSlowly(client, slow, parameters, secret).finally(() => this.#underWay.delete(key));
      this.#underWay.set(key, work);
    }
    return work;
  }

  async #compareSlowly(
    client: Client | null,
    slow: SlowHash | null,
    parameters: SlowParameters,
    secret: string,
  ): Promise<boolean> {
    const reference = slow ?? decoySlow;
    const computed = await this.#options.slow.hash(secret, reference.salt, reference.hash.length, parameters);
    const matches = this.#compare(computed, reference.hash);
    if (!matches || !slow || !client) return false;
    // One fast hash is safe for a random secret only: one that a person may have chosen stays slow.
    if (isMachineMade(secret)) this.#options.onUpgrade(client, slow, this.#fast(secret, newSalt()));
    return true;
  }
}
