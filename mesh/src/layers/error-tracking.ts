import type { MeshError } from '../errors.ts';
import type { Exchange, Facts } from '../exchange.ts';
import type { Layer } from '../layer.ts';
import { observing } from '../observing.ts';
import type { Parts } from '../parts.ts';
import { pathnameOf } from '../routing/match.ts';
import type { ErrorGroup, ErrorKey, ErrorSample } from '../telemetry/error-groups.ts';

/** The last failed attempt of a request: the caller sees this failure unless another attempt succeeds. */
const lastFailed = new WeakMap<Facts, { group: ErrorGroup; error: MeshError | null; status: number }>();

const pathCharsMax = 256;

/** Notes final failures: no route, no instance, a deadline, or a failed last attempt. */
export function errorTracking(parts: Parts): Layer {
  const { clock, errors } = parts;
  const settle = (exchange: Exchange, status: number) => {
    const { facts } = exchange;
    const { failure } = facts;
    if (failure === null && status < 500) return;
    const last = lastFailed.get(facts);
    if (last !== undefined && (failure === null ? last.status === status : last.error === failure)) {
      last.group.seenByCallers += 1;
    } else {
      errors.note(keyOf(exchange, failure, status), sampleOf(parts, exchange, failure, status), true);
    }
  };
  return observing(
    clock,
    {
      name: 'error tracking',
      scope: 'request',
      sentence: 'Groups the failures that callers saw by what, where and why, with a sample and its trace.',
      inside: [{ name: 'tracing', reason: 'a sample names its trace' }],
    },
    {
      end(exchange, _note, { reply }) {
        if (reply !== null) settle(exchange, reply.status);
      },
    },
  );
}

/** Notes each failed attempt, so that a failing instance stays visible when other instances cover for it. */
export function attemptErrors(parts: Parts): Layer {
  const { clock, errors } = parts;
  const note = (exchange: Exchange, error: MeshError | null, status: number) => {
    // Aborted because another attempt was faster: no failure.
    if (error?.code === 'hedge_lost') return;
    const group = errors.note(keyOf(exchange, error, status), sampleOf(parts, exchange, error, status), false);
    lastFailed.set(exchange.facts, { group, error, status });
  };
  return observing(
    clock,
    {
      name: 'attempt errors',
      scope: 'attempt',
      sentence: 'Groups failed attempts by what, where and why, whether or not another attempt succeeded.',
      inside: [
        { name: 'error tracking', reason: 'a failure that callers see is the failure of their last attempt' },
        { name: 'balance', reason: 'the failure belongs to the chosen endpoint' },
      ],
    },
    {
      head(exchange, _note, { status }) {
        if (status >= 500) note(exchange, null, status);
      },
      end(exchange, _note, { reply, error }) {
        if (error === null) return;
        if (reply === null) note(exchange, error, 0);
        else if (reply.status < 500 && error.row.where === 'upstream') note(exchange, error, reply.status);
      },
    },
  );
}

function keyOf({ route, backend, endpoint, facts }: Exchange, error: MeshError | null, status: number): ErrorKey {
  return {
    what: error?.code ?? `status ${status}`,
    side: error?.row.where ?? 'upstream',
    route: route?.rule.id ?? '',
    service: backend?.service.name ?? '',
    endpoint: endpoint?.id ?? facts.endpoint ?? '',
    why: error === null ? 'reply of the service' : whyOf(error),
  };
}

/**
 * The system's own code says more than the mesh's message, and figures in messages would make an unbounded number of
 * groups.
 */
function whyOf({ cause, detail }: MeshError): string {
  const code = (cause as { code?: unknown } | null | undefined)?.code;
  if (typeof code === 'string' && /^[A-Z][A-Z0-9_]{2,60}$/.test(code)) return code;
  return detail.replace(/\d+/g, 'N').slice(0, 200);
}

function sampleOf({ clock }: Parts, exchange: Exchange, error: MeshError | null, status: number): ErrorSample {
  const { facts } = exchange;
  return {
    at: new Date(clock.wall()).toISOString(),
    requestId: facts.id,
    traceId: facts.span?.traceId ?? null,
    method: exchange.method,
    path: pathnameOf(exchange.askedPath).slice(0, pathCharsMax),
    status: status === 0 ? null : status,
    detail: error?.detail ?? `The service replied ${status}.`,
  };
}
