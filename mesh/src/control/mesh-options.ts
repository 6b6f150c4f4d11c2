import type { Clock } from '../clock.ts';
import type { MeshConfig } from '../config/model.ts';
import type { Resolve } from '../discovery/dns.ts';
import type { Leases } from '../discovery/leases.ts';
import type { Probe } from '../discovery/probe.ts';
import type { Registry } from '../discovery/registry.ts';
import type { Discovery } from '../discovery/sources.ts';
import type { Parts } from '../parts.ts';
import type { Journal } from './journal.ts';
import type { WeightStore } from './weight-store.ts';

/** What a `Mesh` is made from. */
export interface MeshOptions {
  parts: Parts;
  clock: Clock;
  registry: Registry;
  journal: Journal;
  store: WeightStore;
  resolve: Resolve;
  leases: Leases;
  probe: Probe;
  /** What keeps the endpoints up to date; where another process does that for this one, nothing. */
  discover?: (config: MeshConfig) => Discovery;
  onHealth?: () => void;
  /** Something else is in force now. */
  onChange?: () => void;
  /** What a restart would take for this configuration to be in force entirely, a line each. */
  restartNeeded?: (config: MeshConfig) => string[];
  /** The generation to begin with: 1 where nobody says. */
  generation?: number;
}

/** What is in force, and whether the last documents were. */
export interface MeshStatus {
  /** Counts up with each change that took effect. */
  generation: number;
  /** Of the documents in force, before changes by hand. */
  documentsHash: string;
  since: string;
  /** Why the last documents offered were refused; empty when they were taken. */
  refused: string[];
  /** What of the documents is in force only after a restart: listening ports. */
  restartNeeded: string[];
  /** References in the documents in force that lead nowhere. */
  unresolved: string[];
}
