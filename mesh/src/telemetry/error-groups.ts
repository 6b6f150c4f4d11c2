import type { FailureRow } from '../errors.ts';

/** What distinguishes one group of failures from another. Nothing in it comes from a client. */
export interface ErrorKey {
  /** A failure code, or `status 503` if the upstream itself replied with that status. */
  what: string;
  side: FailureRow['where'];
  /** Empty if the request did not get that far. */
  route: string;
  service: string;
  endpoint: string;
  /** The cause as the system or the mesh names it, without figures. */
  why: string;
}

/** One request that failed this way. */
export interface ErrorSample {
  /** ISO 8601. */
  at: string;
  requestId: string;
  traceId: string | null;
  method: string;
  /** Without the query, at most 256 characters. */
  path: string;
  status: number | null;
  detail: string;
}

export interface ErrorGroup extends ErrorKey {
  /** How often it happened: attempts, and requests that failed without an attempt. */
  count: number;
  /** How often a caller saw it. In the other cases another attempt succeeded. */
  seenByCallers: number;
  /** ISO 8601. */
  first: string;
  last: string;
  /** The last one. */
  sample: ErrorSample;
}

/** The maximum of groups; a new group replaces the one that has been quiet longest. */
export const groupsMax = 200;

/** Failures grouped by what failed, where and why: a list that a person can read. */
export class ErrorGroups {
  /** In the order of their last failure, oldest first. */
  readonly #groups = new Map<string, ErrorGroup>();
  /** Groups that have been replaced. */
  forgotten = 0;

  /** Notes one failure. `seen`: a caller got it, and no retry follows. */
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
