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

/** Keeps an instance's keyring and the keys in the store in step. */
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
   * Reads the keys. Every key verifies, even if its private part cannot be opened here. Only the active key is opened.
   *
   * @throws AuthError `key_sealed` when the active key cannot be opened; the keyring still verifies
   */
  async refresh(): Promise<void> {
    const { store, now } = this.#options;
    const readAtMs = now();
    const reading = ++this.#readings;
    const stored = await store.readKeys();
    // Reads may overtake each other. An older one must not win.
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
   * Rotates the keys if the policy or the demand requires it, and reads them. Several instances may call this at once:
   * the store admits one at a time, and the next finds nothing left to do. An instance that cannot open the stored keys
   * changes nothing, because other instances could not open what it would store.
   *
   * @throws AuthError `key_sealed` when the keys that sign cannot be opened
   */
  async maintain(demand: RotationDemand = 'when due'): Promise<void> {
    const { store, policy, now } = this.#options;
    const stored = await store.readKeys();
    // Checked without the lock first, because there is nearly always nothing to do.
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
   * Retires the keys whose private part cannot be opened and creates new ones, for when the secret that sealed them is
   * lost. Their tokens stay valid, because the public parts stay published.
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
   * Why this instance must not change the keys: it cannot open the active or the next one. If there are neither, the
   * retired ones decide. Undefined if it may change them.
   */
  #whyNotChange(keys: readonly StoredKey[]): Error | undefined {
    const signing = keys.filter(({ state }) => state !== 'retired');
    return (signing.length > 0 ? signing : keys).map((key) => this.#refusalOf(key)).find((refusal) => refusal);
  }

  /** Why the private part of a key cannot be opened. Undefined if it can. */
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

  /** False for a key that cannot be opened, because it cannot be sealed again. */
  #needsSealing(key: StoredKey): boolean {
    return !this.#options.sealing.isCurrent(key.privateKey, key.kid) && !this.#refusalOf(key);
  }

  /** A key that was opened before stays open, so an instance with the old secret keeps signing during a change. */
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
