import { assemble, type Stack } from './assemble.ts';
import type { Layer } from './layer.ts';
import { accessLog } from './layers/access-log.ts';
import { admission } from './layers/admission.ts';
import { attemptTimeout } from './layers/attempt-timeout.ts';
import { attemptTracing } from './layers/attempt-tracing.ts';
import { balance } from './layers/balance.ts';
import { bodyLimit } from './layers/body-limit.ts';
import { circuitBreaker } from './layers/circuit-breaker.ts';
import { cors } from './layers/cors.ts';
import { deadline } from './layers/deadline.ts';
import { endpointMetrics } from './layers/endpoint-metrics.ts';
import { attemptErrors, errorTracking } from './layers/error-tracking.ts';
import { failover } from './layers/failover.ts';
import { backendFilters, filters } from './layers/filters.ts';
import { forwarding } from './layers/forwarding.ts';
import { hedge } from './layers/hedge.ts';
import { hold } from './layers/hold.ts';
import { limits } from './layers/limits.ts';
import { mirror } from './layers/mirror.ts';
import { misdirected } from './layers/misdirected.ts';
import { override, overrideGuard } from './layers/override.ts';
import { rateLimit } from './layers/rate-limit.ts';
import { requestMetrics } from './layers/request-metrics.ts';
import { rescue } from './layers/rescue.ts';
import { retry } from './layers/retry.ts';
import { route } from './layers/route.ts';
import { settle } from './layers/settle.ts';
import { split } from './layers/split.ts';
import { tap } from './layers/tap.ts';
import { tracing } from './layers/tracing.ts';
import { upstream } from './layers/upstream.ts';
import type { Generation, Parts } from './parts.ts';

/** The data plane, outermost first. This is the list of its features; `assemble` checks the order. */
export function layersOf(parts: Parts, generation: Generation): Layer[] {
  return [
    // once per request
    accessLog(parts),
    tracing(parts),
    tap(parts),
    errorTracking(parts),
    requestMetrics(parts),
    rescue(),
    admission(),
    forwarding(parts),
    route(generation),
    cors(generation),
    rateLimit(parts, generation),

    // per route: once for all attempts
    bodyLimit(),
    deadline(parts),
    overrideGuard(),
    hold(parts),
    settle(parts),
    filters(),
    misdirected(parts),
    split(parts),
    override(parts, generation),
    failover(parts),
    limits(parts),
    mirror(parts, generation),
    backendFilters(),
    retry(parts),

    // per attempt
    hedge(parts),
    attemptTimeout(parts),
    balance(parts),
    circuitBreaker(parts),
    attemptTracing(parts),
    attemptErrors(parts),
    endpointMetrics(parts),

    // innermost
    upstream(),
  ];
}

/** The stack for one configuration. @throws Error when the order is wrong. */
export function buildStack(parts: Parts, generation: Generation): Stack {
  return assemble(layersOf(parts, generation), parts.clock);
}
