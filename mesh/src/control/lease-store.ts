import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import type { Lease, RestoredLease } from '../discovery/leases.ts';
import type { Log } from '../log.ts';
import { writeAtomically } from './atomic-file.ts';

/** Renewals are written no more often than this. */
const renewalsMs = 5_000;
/** A lease that ended longer ago is not restored: by then its address may be another program's. */
const endedMsMax = 60_000;

interface KeptLease extends Omit<Lease, 'expiresAtMs'> {
  /** Ms since 1970. */
  expiresAt: number;
}

/**
 * Keeps the leases in `folder`/leases.json, so that a mesh that starts again knows the instances before their next
 * heartbeats. A file that cannot be read or written costs only that.
 */
export class LeaseStore {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #log: Log;
  #writtenAtMs = Number.NEGATIVE_INFINITY;
  #failing = false;

  constructor(folder: string, { clock, log }: { clock: Clock; log: Log }) {
    this.#path = join(folder, 'leases.json');
    this.#clock = clock;
    this.#log = log;
  }

  /** The leases of the mesh before this one that have not long ended, with the time that each has left. */
  load(): RestoredLease[] {
    const nowMs = this.#clock.wall();
    return this.#read().flatMap(({ expiresAt, ...lease }) => {
      const leftMs = expiresAt - nowMs;
      // An end further off than the lease is long comes from a clock that was set back.
      return leftMs < -endedMsMax ? [] : [{ ...lease, leftMs: Math.min(Math.max(0, leftMs), lease.ttlMs) }];
    });
  }

  /** Writes them down. @param renewed only the ends of some have changed */
  save(leases: readonly Lease[], renewed: boolean): void {
    const nowMs = this.#clock.now();
    if (renewed && nowMs - this.#writtenAtMs < renewalsMs) return;
    const wallMs = this.#clock.wall();
    const kept = leases.map(({ expiresAtMs, ...lease }): KeptLease => {
      return { ...lease, expiresAt: Math.round(wallMs + expiresAtMs - nowMs) };
    });
    try {
      writeAtomically(this.#path, `${JSON.stringify({ leases: kept }, null, 2)}\n`);
      this.#writtenAtMs = nowMs;
      this.#failing = false;
    } catch (err) {
      if (!this.#failing) this.#log.warn({ err }, 'leases cannot be written: a restart will not know the instances');
      this.#failing = true;
    }
  }

  #read(): KeptLease[] {
    try {
      const { leases } = JSON.parse(readFileSync(this.#path, 'utf8')) as { leases: unknown };
      if (Array.isArray(leases) && leases.every(isKept)) return leases;
      this.#log.warn({ path: this.#path }, 'not what the mesh wrote: leases begin anew');
    } catch (err) {
      if ((err as NodeJS.ErrnoException).code !== 'ENOENT') {
        this.#log.warn({ err, path: this.#path }, 'leases cannot be read, and begin anew');
      }
    }
    return [];
  }
}

function isKept(value: unknown): value is KeptLease {
  if (typeof value !== 'object' || value === null) return false;
  const { service, id, host, port, weight, servicePort, ttlMs, expiresAt } = value as Record<string, unknown>;
  return (
    typeof service === 'string' &&
    typeof id === 'string' &&
    typeof host === 'string' &&
    isIP(host) !== 0 &&
    [port, weight, servicePort, ttlMs, expiresAt].every((number) => Number.isFinite(number) && (number as number) > 0)
  );
}
