import type { PreparedStore } from '../stores/driver.ts';
import type { ServiceKind, ServiceSpec } from '../topology/topology.ts';
import type { ProcessState, Supervised } from './supervisor.ts';

/** One of our processes as `status` and the `up` event show it. */
export interface ProcessStatus {
  kind: ServiceKind;
  state: ProcessState;
  /** Why it is not ready, when it is not. */
  reason: string;
  pid: number | null;
  restarts: number;
  /** Its first URL; empty without one. */
  url: string;
  /** All its URLs by name: `main`, `edge`, `admin`. */
  urls: Record<string, string>;
  log: string;
}

export interface StoreStatus {
  state: ProcessState;
  reason: string;
  pid: number | null;
  log: string;
  /** With user and password: for programs on this machine, not for display. */
  url: string;
  source: string;
  data: string | null;
}

/** Where a resource is, as the migration's worker tells it. */
export interface PlaceStatus {
  resource: string;
  /** The service that takes it over. */
  service: string;
  /** Null: it could not be found out. */
  at: 'service' | 'monolith' | 'split' | 'switching' | null;
  /** It was moved before, or its route was shifted by hand. */
  moved: boolean;
  /** Why the service cannot take it now. */
  down: string | null;
  /** What went wrong with it last. */
  failure: string | null;
}

export interface StackStatus {
  /** The launcher's. */
  pid: number;
  folder: string;
  processes: Record<string, ProcessStatus>;
  stores: Record<string, StoreStatus>;
  credentials: string | null;
  /** Where each resource is. Missing or null: the migration's worker does not run, or does not tell. */
  places?: readonly PlaceStatus[] | null;
}

/** @param supervised undefined before the stack supervises the service. */
export function processStatus(
  service: ServiceSpec,
  supervised: Supervised | undefined,
  allUrls: Record<string, string>,
  log: string,
): ProcessStatus {
  const urls = supervised?.state === 'down' ? {} : allUrls;
  return {
    kind: service.kind,
    state: supervised?.state ?? 'waiting',
    reason: supervised?.reason ?? '',
    pid: supervised?.pid ?? null,
    restarts: supervised?.restarts ?? 0,
    url: Object.values(urls)[0] ?? '',
    urls,
    log,
  };
}

export function storeStatus(status: ProcessStatus, store: PreparedStore | undefined): StoreStatus {
  const { state, reason, pid, log } = status;
  return { state, reason, pid, log, url: store?.url ?? '', source: store?.source ?? '', data: store?.data ?? null };
}
