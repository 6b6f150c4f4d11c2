/** What state is kept on: a service or an endpoint. */
interface Owner {
  stateOf<T>(key: symbol, make: () => T): T;
}

interface Kept<Policy, Value> {
  policy: Policy | null;
  value: Value | null;
}

const nothingKept = (): Kept<never, never> => ({ policy: null, value: null });

/**
 * One value for each service or endpoint, kept while its policy stays the same. A policy that is read again with equal
 * members counts as the same. The lookup runs per request and allocates nothing.
 */
export class ByPolicy<Policy extends object, Value extends object> {
  readonly #key: symbol;

  /** @param name what is kept, for debugging */
  constructor(name: string) {
    this.#key = Symbol(name);
  }

  /** The value of `owner` if it was created by an equal policy; otherwise null, and the caller calls `keep`. */
  get(owner: Owner, policy: Policy): Value | null {
    const kept = this.#keptOf(owner);
    if (kept.policy === policy) return kept.value;
    if (kept.policy === null || JSON.stringify(kept.policy) !== JSON.stringify(policy)) return null;
    kept.policy = policy;
    return kept.value;
  }

  /** Keeps `value` until the policy changes. */
  keep(owner: Owner, policy: Policy, value: Value): Value {
    const kept = this.#keptOf(owner);
    kept.policy = policy;
    kept.value = value;
    return value;
  }

  /** The value kept last, whatever its policy; null if there is none. */
  latest(owner: Owner): Value | null {
    return this.#keptOf(owner).value;
  }

  #keptOf(owner: Owner): Kept<Policy, Value> {
    return owner.stateOf<Kept<Policy, Value>>(this.#key, nothingKept);
  }
}
