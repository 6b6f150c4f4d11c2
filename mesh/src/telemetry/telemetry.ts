import type { Clock } from '../clock.ts';
import type { Settings } from '../settings.ts';
import { ErrorGroups } from './error-groups.ts';
import { createMeters } from './meters.ts';
import { periodMs } from './metrics.ts';
import { otlpSender } from './otlp.ts';
import { processGauges } from './process-gauges.ts';
import { sampler } from './sampling.ts';
import { ServiceSpans } from './service-spans.ts';
import { ShadowRing } from './shadows.ts';
import { SpanExport } from './span-export.ts';
import { Tap } from './tap.ts';
import { type TraceListener, TraceRing } from './trace.ts';
import { randomIds } from './trace-context.ts';

/** Mirrored requests held for `GET /shadows`. */
const shadowsKept = 512;

/** The routes and services that the documents in force name. */
export interface Named {
  routes: ReadonlySet<string>;
  services: ReadonlySet<string>;
}

/** The telemetry of the process about its requests: created once, outlives every stack. */
export function createTelemetry(settings: Settings, clock: Clock) {
  const meters = createMeters();
  processGauges(meters.metrics);
  const traces = new TraceRing(settings.tracesKept);
  const { otlpTracesUrl } = settings;
  const spanExport = otlpTracesUrl === null ? null : new SpanExport(clock, meters.metrics, otlpSender(otlpTracesUrl));
  const onTrace: TraceListener =
    spanExport === null
      ? traces.add
      : (span) => {
          traces.add(span);
          spanExport.add(span);
        };
  const errors = new ErrorGroups();
  const tap = new Tap(clock, meters.metrics);
  let cancelRotation = () => {};
  let inForce = (): Named => ({ routes: new Set(), services: new Set() });
  const rotate = () => {
    const { routes, services } = inForce();
    meters.metrics.rotate(clock.now(), (label, value) => {
      if (value === 'none' || value === 'other') return false;
      // Between services, a service without a route is named by itself.
      if (label === 'route') return !routes.has(value) && !services.has(value);
      return (label === 'service' || label === 'mirror' || label === 'instead') && !services.has(value);
    });
    for (const name of meters.retryBudgets.keys()) if (!services.has(name)) meters.retryBudgets.delete(name);
  };
  const rotateRegularly = () => {
    rotate();
    cancelRotation = clock.after(periodMs, rotateRegularly);
  };
  return {
    /** What goes into the parts of every stack. */
    parts: {
      meters,
      newId: randomIds(),
      onTrace,
      sample: sampler(settings.traceSamplePercent),
      traceForms: settings.traceForms,
      errors,
      tap,
      shadows: new ShadowRing(shadowsKept),
    },
    traces,
    serviceSpans: new ServiceSpans(settings.spansKept, meters.metrics),
    /**
     * Starts the periods: from now on, "recent" means the last one to two. `named` is called in each period; series
     * with other names are dropped.
     */
    start(named: () => Named, ownRotation = true) {
      inForce = named;
      // Twice: there is no period before the first.
      meters.metrics.rotate(clock.now());
      if (ownRotation) rotateRegularly();
      else rotate();
    },
    /** Ends a period when another process says so: counts over different periods would not add up. */
    rotate,
    /** Ends the streams, and exports the waiting spans, for at most `timeoutMs`. */
    async close(timeoutMs: number): Promise<void> {
      cancelRotation();
      tap.close();
      await spanExport?.close(timeoutMs);
    },
  };
}
