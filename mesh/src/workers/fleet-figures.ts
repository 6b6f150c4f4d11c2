import type { Clock } from '../clock.ts';
import { mergedMetrics, ofTheDead } from '../telemetry/merged-metrics.ts';
import type { Metrics, MetricsCopy } from '../telemetry/metrics.ts';
import type { WorkerShown } from './member.ts';

export interface FleetFiguresOptions {
  clock: Clock;
  /** Of the primary itself. */
  metrics: Metrics;
  /** The workers there are. */
  workers: () => WorkerShown[];
}

/** The figures about the workers, and those of the workers, living and dead, added up. */
export class FleetFigures {
  readonly #options: FleetFiguresOptions;
  readonly #deaths = new Map<string, number>();
  #retired: MetricsCopy | null = null;

  constructor(options: FleetFiguresOptions) {
    this.#options = options;
    const { metrics, workers } = options;
    metrics.gauge('mesh_workers', 'Worker processes, by state.', ['state'], () =>
      (['starting', 'ready', 'draining'] as const).map((state) => ({
        values: [state],
        value: workers().filter((worker) => worker.state === state).length,
      })),
    );
    const deaths = () => [...this.#deaths].map(([reason, value]) => ({ values: [reason], value }));
    metrics.gauge(
      'mesh_worker_deaths_total',
      'Worker processes that ended without being told to, by cause.',
      ['reason'],
      deaths,
      'counter',
    );
  }

  died(reason: string): void {
    this.#deaths.set(reason, (this.#deaths.get(reason) ?? 0) + 1);
  }

  /** Keeps what a worker has counted in its life. */
  retire(metrics: MetricsCopy): void {
    const nowMs = this.#options.clock.now();
    const before = this.#retired === null ? [] : [this.#retired];
    this.#retired = mergedMetrics([...before, ofTheDead(metrics)], nowMs).copy(nowMs);
  }

  /** The figures of the primary, of workers that have ended, and `copies`, those of the others, added up. */
  merged(copies: readonly MetricsCopy[]): Metrics {
    const nowMs = this.#options.clock.now();
    const retired = this.#retired === null ? [] : [this.#retired];
    return mergedMetrics([this.#options.metrics.copy(nowMs), ...copies, ...retired], nowMs);
  }
}
