import type { KeyObject } from 'node:crypto';
import type { Clock } from '@banyan/kit/clock';
import type { KeyChanges, Store, StoredKey } from '../store.ts';
import { newKey, signOptionsFor, verifyingKey } from './key-objects.ts';
import { Keyring, type SigningKey } from './keyring.ts';
import { planRotation, type RotationDemand, type RotationPolicy, retirementOf } from './rotation.ts';
import type { Sealing } from './sealing.ts';

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
  #active: SigningKey | null = null;
  #readings = 0;
  #newestReading = 0;

  constructor(options: KeyKeeperOptions) {
    this.#options = options;
    this.keyring = new Keyring(options.policy.staleLimitMs);
  }

  /**
   * Reads the keys. Every key verifies, whether or not its private part can be opened here; only the active one is opened.
   *
   * @throws AuthError `key_sealed` when the active key cannot be opened; the keyring verifies nevertheless
   */
  async refresh(): Promise<void> {
    const { store, now } = this.#options;
    const readAtMs = now();
    const reading = ++this.#readings;
    const stored = await store.readKeys();
    // Readings may overtake each other: an older one must not win.
    if (reading < this.#newestReading) return;
    this.#newestReading = reading;
    const live = stored.filter(({ publishUntilMs }) => publishUntilMs === null || publishUntilMs > readAtMs);
    const { active, refusal } = this.#openActive(live);
    this.#active = active;
    this.keyring.replace(
      live.map(verifyingKey).filter((key) => key !== null),
      active,
      readAtMs,
    );
    if (refusal) throw refusal;
  }

  /**
   * Does what the policy, or the demand, asks for, and reads the keys. Several instances may do so at once: the store
   * lets one in at a time, and the next finds nothing left to do. An instance that cannot open the stored keys changes
   * nothing: other instances could not open what it stores.
   *
   * @throws AuthError `key_sealed` when the keys that sign cannot be opened
   */
  async maintain(demand: RotationDemand = 'when due'): Promise<void> {
    const { store, policy, now } = this.#options;
    const stored = await store.readKeys();
    // Looked at without the lock first: nearly always there is nothing to do.
    const due = planRotation(stored, policy, now(), demand).length > 0 || stored.some((key) => this.#needsSealing(key));
    let refusal: Error | undefined;
    if (due) {
      await store.changeKeys(async (changes) => {
        refusal = this.#whyNotChange(changes.keys);
        if (!refusal) await this.#apply(changes, demand);
      });
    }
    await this.refresh();
    if (refusal) throw refusal;
  }

  /**
   * Retires the keys whose private part cannot be opened any more and puts new ones in their place. For when the secret
   * that sealed them is lost: their tokens stay valid, because the public parts stay published.
   */
  async replaceUnreadable(): Promise<void> {
    const { store, policy, now } = this.#options;
    await store.changeKeys(async (changes) => {
      const nowMs = now();
      for (const key of changes.keys) {
        if (key.state === 'retired' || !this.#refusalOf(key)) continue;
        const publishUntilMs = retirementOf(policy, nowMs);
        await changes.retire(key.kid, nowMs, publishUntilMs);
        Object.assign(key, { state: 'retired', retiredAtMs: nowMs, publishUntilMs });
      }
      await this.#apply(changes, 'when due');
    });
    await this.refresh();
  }

  async #apply(changes: KeyChanges, demand: RotationDemand): Promise<void> {
    const { policy, now, sealing } = this.#options;
    const nowMs = now();
    for (const key of changes.keys) {
      if (!this.#needsSealing(key)) continue;
      await changes.reseal(key.kid, sealing.seal(sealing.open(key.privateKey, key.kid), key.kid));
    }
    for (const step of planRotation(changes.keys, policy, nowMs, demand)) {
      if (step.do === 'forget') await changes.forget(step.kid);
      else if (step.do === 'retire') await changes.retire(step.kid, nowMs, step.publishUntilMs);
      else if (step.do === 'activate') await changes.activate(step.kid, nowMs);
      else await changes.insert(await newKey(step.state, nowMs, sealing));
    }
  }

  /**
   * Why this instance must not change the keys: it cannot open one that signs or is to sign. Where there is none of these,
   * the retired ones decide.
   */
  #whyNotChange(keys: readonly StoredKey[]): Error | undefined {
    const signing = keys.filter(({ state }) => state !== 'retired');
    return (signing.length > 0 ? signing : keys).map((key) => this.#refusalOf(key)).find((refusal) => refusal);
  }

  /** Why the private part of a key cannot be opened; undefined where it can. */
  #refusalOf(key: StoredKey): Error | undefined {
    try {
      this.#open(key);
      return undefined;
    } catch (error) {
      return error as Error;
    }
  }

  #open({ privateKey, kid }: StoredKey): KeyObject {
    return this.#options.sealing.open(privateKey, kid);
  }

  /** Only what can be opened can be sealed again. */
  #needsSealing(key: StoredKey): boolean {
    return !this.#options.sealing.isCurrent(key.privateKey, key.kid) && !this.#refusalOf(key);
  }

  /** A key that was opened before stays open, so that an instance with the old secret signs on while the secret changes. */
  #openActive(keys: readonly StoredKey[]): { active: SigningKey | null; refusal?: Error } {
    const stored = keys.find(({ state }) => state === 'active');
    const verifying = stored && verifyingKey(stored);
    if (!stored || !verifying) return { active: null };
    if (this.#active?.kid === stored.kid) return { active: this.#active };
    try {
      return { active: { ...verifying, privateKey: this.#open(stored), signOptions: signOptionsFor(stored.kid) } };
    } catch (error) {
      return { active: null, refusal: error as Error };
    }
  }
}
