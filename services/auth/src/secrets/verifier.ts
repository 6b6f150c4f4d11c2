import { hash } from 'node:crypto';
import { type SlowHash, type SlowHasher, type SlowParameters, sameHash } from '@banyan/kit/secrets';
import type { Client } from '../domain.ts';
import { type FastHash, fastHash, isMachineMade, newSalt } from './hash-format.ts';

export interface VerifierOptions {
  slow: SlowHasher;
  /** Parameters of the slow hashes that some client still has. Null if every client has a fast one. */
  slowInUse: () => SlowParameters | null;
  /** Called when a client with a slow hash presents the right secret. Must not throw. */
  onUpgrade: (client: Client, from: SlowHash, to: FastHash) => void;
  /** For tests that count work instead of time. */
  fast?: typeof fastHash;
  compare?: typeof sameHash;
}

/** Stands in for the hash of a client that does not exist. It is random, so no secret has this hash. */
const decoy: FastHash = { kind: 'fast', salt: newSalt(), hash: Buffer.from(newSalt() + newSalt(), 'hex') };
const decoySlow = { salt: Buffer.from(newSalt(), 'hex'), hash: decoy.hash };

/**
 * Verifies the secret of a client. The work of a refusal does not reveal its reason.
 *
 * The right secret of a client with a fast hash costs one fast hash and one comparison. Every refusal costs the same: a
 * fast hash and a comparison, plus a slow hash and a comparison while any client still has a slow hash. Where there is
 * no hash to compare with, a decoy is used. Otherwise a late response would reveal that a client exists and has not
 * been upgraded yet.
 */
export class SecretVerifier {
  readonly #options: VerifierOptions;
  readonly #fast: typeof fastHash;
  readonly #compare: typeof sameHash;
  /** Slow hashes under way, by client and secret. Concurrent first requests of one client share one. */
  readonly #underWay = new Map<string, Promise<boolean>>();

  constructor(options: VerifierOptions) {
    this.#options = options;
    this.#fast = options.fast ?? fastHash;
    this.#compare = options.compare ?? sameHash;
  }

  /**
   * @param clientId from the request, whether or not such a client exists
   * @throws ServiceError `busy` when too many requests wait for a slow hash
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
    // A digest, so that the secret itself is not kept beyond the call.
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
    // A fast hash is safe only for a random secret. One that a person may have chosen keeps its slow hash.
    if (isMachineMade(secret)) this.#options.onUpgrade(client, slow, this.#fast(secret, newSalt()));
    return true;
  }
}
