import { type DurationSeries, Metrics, type PlainCounter } from '../observe/metrics.ts';
import { type Clock, systemClock } from '../service/clock.ts';
import type { Backlog } from '../store/store.ts';
import type { FailureKind } from './failures.ts';

/** What a relay counts. Names follow OpenTelemetry's conventions where they have one. */
export interface RelayMeters {
  /** The broker has them. */
  sent: PlainCounter;
  /** The broker did not confirm them: they are sent again. */
  failed: PlainCounter;
  letGo: PlainCounter;
  /** What waits for the broker, as it was read last. */
  backlog: Backlog;
  /** Events that wait for a queue. */
  parked: number;
}

/** What a consumer counts. */
export interface ConsumerMeters {
  received: PlainCounter;
  deadLetters: PlainCounter;
  /** One attempt to handle a message. Null: it was handled. */
  handled(failure: FailureKind | null, seconds: number): void;
}

export const emptyBacklog: Backlog = { waiting: 0, oldestAtUs: null };

/** The metrics of a service's messages. */
export class MessageMeters {
  readonly #metrics: Metrics;
  readonly #now: Clock;
  #consumers: ReturnType<typeof consumerFamilies> | undefined;

  constructor(metrics: Metrics = new Metrics(), now: Clock = systemClock) {
    this.#metrics = metrics;
    this.#now = now;
  }

  /** @param exchange that the relay publishes to */
  relay(exchange: string): RelayMeters {
    const labels = { messaging_system: 'rabbitmq', messaging_destination_name: exchange };
    const sent = this.#metrics.counter('messaging_client_sent_messages_total', 'Facts sent to the broker', [
      ...Object.keys(labels),
      'error_type',
    ]);
    const letGo = this.#metrics.counter('outbox_let_go_total', 'Facts that no queue took, for long, and were let go');
    const meters: RelayMeters = {
      sent: sent.series(labels),
      failed: sent.series({ ...labels, error_type: 'not_confirmed' }),
      letGo: letGo.series(),
      backlog: emptyBacklog,
      parked: 0,
    };
    const ageS = () => {
      const { oldestAtUs } = meters.backlog;
      return oldestAtUs === null ? 0 : Math.max(0, this.#now() / 1_000 - oldestAtUs / 1_000_000);
    };
    this.#metrics.gauge('outbox_waiting', 'Facts that wait for the broker', () => meters.backlog.waiting);
    this.#metrics.gauge('outbox_oldest_age_seconds', 'Age of the oldest fact that waits for the broker', ageS);
    this.#metrics.gauge('outbox_parked', 'Facts that wait for a queue that takes their type', () => meters.parked);
    return meters;
  }

  /** @param name of the consumer */
  consumer(name: string): ConsumerMeters {
    this.#consumers ??= consumerFamilies(this.#metrics);
    const { received, deadLetters, durations } = this.#consumers;
    const labels = { messaging_system: 'rabbitmq', messaging_consumer_group_name: name };
    const byFailure = new Map<FailureKind | null, DurationSeries>();
    return {
      received: received.series(labels),
      deadLetters: deadLetters.series(labels),
      handled: (failure, seconds) => {
        let series = byFailure.get(failure);
        if (series === undefined) {
          series = durations.series(failure === null ? labels : { ...labels, error_type: failure });
          byFailure.set(failure, series);
        }
        series.observe(seconds);
      },
    };
  }
}

function consumerFamilies(metrics: Metrics) {
  const labels = ['messaging_system', 'messaging_consumer_group_name'];
  return {
    received: metrics.counter('messaging_client_consumed_messages_total', 'Messages that came to a consumer', labels),
    deadLetters: metrics.counter('messaging_dead_letters_total', 'Messages that a consumer gave up', labels),
    durations: metrics.durations('messaging_process_duration_seconds', 'Duration of an attempt to handle a message'),
  };
}
