import { createHash, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import type { Clock } from '@banyan/kit/clock';
import type { SignOptions } from 'jsonwebtoken';
import { tokenAlgorithm } from '../contract.ts';
import type { KeyChanges, Store, StoredKey } from '../store.ts';
import { Keyring, type SigningKey } from './keyring.ts';
import { planRotation, type RotationDemand, type RotationPolicy } from './rotation.ts';
import { isSealed, type Sealing } from './sealing.ts';

const generate = promisify(generateKeyPair);

export interface KeyKeeperOptions {
  store: Pick<Store, 'readKeys' | 'changeKeys'>;
  sealing: Sealing;
  policy: RotationPolicy;
  now: Clock;
}

/** Keeps an instance's keyring and the keys in the store together. */
export class KeyKeeper {
  readonly keyring: Keyring;
  readonly #options: KeyKeeperOptions;
  #readings = 0;
  #newestReading = 0;

  constructor(options: KeyKeeperOptions) {
    this.#options = options;
    this.keyring = new Keyring(options.policy.staleLimitMs);
  }

  /** Reads the keys; those that are known already keep their objects. */
  async refresh(): Promise<void> {
    const { store, sealing, now } = this.#options;
    const readAtMs = now();
    const reading = ++this.#readings;
    const stored = await store.readKeys();
    // Readings may overtake each other: an older one must not win.
    if (reading < this.#newestReading) return;
    this.#newestReading = reading;
    this.keyring.replace(
      stored
        .filter(({ publishUntilMs }) => publishUntilMs === null || publishUntilMs > readAtMs)
        .map((key) => signingKey(key, this.keyring.find(key.kid), sealing)),
      readAtMs,
    );
  }

  /**
   * Does what the policy, or the demand, asks for, and reads the keys. Several instances may do so at once: the store
   * lets one in at a time, and the next finds nothing left to do.
   */
  async maintain(demand: RotationDemand = 'when due'): Promise<void> {
    const { store, policy, now, sealing } = this.#options;
    const due = (keys: readonly StoredKey[]) =>
      planRotation(keys, policy, now(), demand).length > 0 ||
      keys.some(({ privateKey }) => needsSealing(privateKey, sealing));
    // Looked at without the lock first: nearly always there is nothing to do.
    if (due(await store.readKeys())) await store.changeKeys((changes) => this.#apply(changes, demand));
    await this.refresh();
  }

  async #apply(changes: KeyChanges, demand: RotationDemand): Promise<void> {
    const { policy, now, sealing } = this.#options;
    const nowMs = now();
    for (const key of changes.keys) {
      if (needsSealing(key.privateKey, sealing)) {
        await changes.reseal(key.kid, sealing.seal(sealing.open(key.privateKey, key.kid), key.kid));
      }
    }
    for (const step of planRotation(changes.keys, policy, nowMs, demand)) {
      if (step.do === 'forget') await changes.forget(step.kid);
      else if (step.do === 'retire') await changes.retire(step.kid, nowMs, step.publishUntilMs);
      else if (step.do === 'activate') await changes.activate(step.kid, nowMs);
      else await changes.insert(await newKey(step.state, nowMs, sealing));
    }
  }
}

function needsSealing(privateKey: string, sealing: Sealing): boolean {
  return sealing.sealed && !isSealed(privateKey);
}

function signingKey(stored: StoredKey, known: SigningKey | undefined, sealing: Sealing): SigningKey {
  const privateKey = known?.privateKey ?? sealing.open(stored.privateKey, stored.kid);
  return {
    kid: stored.kid,
    privateKey,
    publicKey: known?.publicKey ?? createPublicKey(privateKey),
    signOptions: known?.signOptions ?? signOptionsFor(stored.kid),
    jwk: stored.publicJwk,
    signs: stored.state === 'active',
  };
}

/** That the key is of the algorithm's type is seen to where it is made, so it is not looked at again at each signature. */
export function signOptionsFor(kid: string): SignOptions {
  const header = { alg: tokenAlgorithm, typ: 'JWT', kid };
  return { algorithm: tokenAlgorithm, header, allowInvalidAsymmetricKeyTypes: true };
}

async function newKey(state: 'active' | 'next', nowMs: number, sealing: Sealing): Promise<StoredKey> {
  const { privateKey, publicKey } = await generate('ec', { namedCurve: 'P-256' });
  const kid = thumbprint(publicKey);
  return {
    kid,
    state,
    publicJwk: { ...publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg: tokenAlgorithm },
    privateKey: sealing.seal(privateKey, kid),
    createdAtMs: nowMs,
    activatedAtMs: state === 'active' ? nowMs : null,
    retiredAtMs: null,
    publishUntilMs: null,
  };
}

/** RFC 7638: a key id that follows from the key. Members in lexicographic order, no white space. */
function thumbprint(publicKey: KeyObject): string {
  const { crv, kty, x, y } = publicKey.export({ format: 'jwk' });
  return createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
}
