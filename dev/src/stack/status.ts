import type { ServiceKind } from '../topology/topology.ts';
import type { ProcessState } from './supervisor.ts';

/** One of our processes as `status` and the `up` event show it. */
export interface ProcessStatus {
  kind: ServiceKind;
  state: ProcessState;
  /** Why it is not ready, when it is not. */
  reason: string;
  pid: number | null;
  restarts: number;
  /** Its first URL; empty where it serves none. */
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

export interface StackStatus {
  /** The launcher's. */
  pid: number;
  folder: string;
  processes: Record<string, ProcessStatus>;
  stores: Record<string, StoreStatus>;
  credentials: string | null;
}
