import type { FailureRow } from '../errors.ts';

/** What tells one group of failures from another. Nothing in it comes from a client. */
export interface ErrorKey {
  /** A failure code, or `status 503` where the upstream itself answered so. */
  what: string;
  side: FailureRow['where'];
  /** Empty where the request did not get that far. */
  route: string;
  service: string;
  endpoint: string;
  /** The cause as the system or the mesh names it, figures left out. */
  why: string;
}

/** One request that failed so. */
export interface ErrorSample {
  /** ISO 8601. */
  at: string;
  requestId: string;
  traceId: string | null;
  method: string;
  /** Without the query, 256 characters at most. */
  path: string;
  status: number | null;
  detail: string;
}

export interface ErrorGroup extends ErrorKey {
  /** How often it happened: attempts, and requests that failed without one. */
  count: number;
  /** How often a caller saw it: the rest was made good by another attempt. */
  seenByCallers: number;
  /** ISO 8601. */
  first: string;
  last: string;
  /** The last one. */
  sample: ErrorSample;
}

/** Groups held at most; then the one that has been quiet longest makes room. */
export const groupsMax = 200;

/** Failures grouped by what failed, where and why: what is broken now, in a list that a person can read. */
export class ErrorGroups {
  /** In the order of their last failure, oldest first. */
  readonly #groups = new Map<string, ErrorGroup>();
  /** Groups that have made room for others. */
  forgotten = 0;

  /** Notes one failure. `seen`: a caller got it, and nobody tries again. */
  note(key: ErrorKey, sample: ErrorSample, seen: boolean): ErrorGroup {
    const id = `${key.what}\n${key.route}\n${key.service}\n${key.endpoint}\n${key.why}`;
    let group = this.#groups.get(id);
    if (group === undefined) {
      if (this.#groups.size >= groupsMax) this.#forgetOldest();
      group = { ...key, count: 0, seenByCallers: 0, first: sample.at, last: sample.at, sample };
    } else {
      this.#groups.delete(id);
    }
    this.#groups.set(id, group);
    group.count += 1;
    if (seen) group.seenByCallers += 1;
    group.last = sample.at;
    group.sample = sample;
    return group;
  }

  /** The last failure first. */
  list(): ErrorGroup[] {
    return [...this.#groups.values()].reverse();
  }

  #forgetOldest(): void {
    for (const id of this.#groups.keys()) {
      this.#groups.delete(id);
      this.forgotten += 1;
      return;
    }
  }
}
