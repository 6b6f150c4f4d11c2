import type { ServiceSpan } from '../telemetry/service-spans.ts';
import type { Span } from '../telemetry/trace.ts';
import type { AdminClient } from './admin-client.ts';
import { MeshCliError } from './error.ts';
import { wholeNumber } from './numbers.ts';
import { type Output, table } from './output.ts';

/** A trace as the admin port has it. */
interface Trace {
  /** Requests through the mesh, each with its attempts. */
  traces: Span[];
  /** What the services told of. */
  spans: ServiceSpan[];
}

/** A span of a tree. */
interface Shown {
  spanId: string;
  parentId: string | null;
  who: string;
  what: string;
  startedAt: number;
  durationMs: number;
  failed: boolean;
}

/** `mesh traces list`: the last requests that began a trace or joined one, newest first. */
export async function listTraces(admin: AdminClient, limit: string, json: boolean, { out }: Output): Promise<void> {
  const reply = await admin.get<{ traces: Span[] }>(`/traces?limit=${wholeNumber('--limit', limit)}`);
  if (json) out(JSON.stringify(reply));
  else if (reply.traces.length === 0) out('No request has come yet.');
  else {
    const rows = reply.traces.map((span) => [
      span.traceId,
      new Date(span.startedAt).toISOString(),
      `${span.durationMs.toFixed(1)} ms`,
      String(span.attributes['http.response.status_code'] ?? ''),
      `${span.attributes['http.request.method'] ?? ''} ${span.attributes['url.path'] ?? ''}`,
    ]);
    out(table([['TRACE', 'AT', 'TOOK', 'STATUS', 'REQUEST'], ...rows]));
  }
}

/** `mesh traces show`: one trace as a tree, each span with when it began and how long it took. */
export async function showTrace(admin: AdminClient, id: string, json: boolean, { out }: Output): Promise<void> {
  const trace = await admin.get<Trace>(`/traces/${encodeURIComponent(id)}`);
  if (json) {
    out(JSON.stringify(trace));
    return;
  }
  const spans = [
    ...trace.traces.flatMap((span) => [span, ...span.children]).map(ofMesh),
    ...trace.spans.map(ofService),
  ];
  if (spans.length === 0) {
    throw new MeshCliError(
      `No span of the trace ${id} is held.`,
      'Only the latest are: `mesh traces list` shows them, MESH_TRACES_KEPT and MESH_SPANS_KEPT keep more.',
    );
  }
  out(treeOf(spans));
}

/** The spans as a tree: children below their parents, in the order of their beginning. */
export function treeOf(spans: readonly Shown[]): string {
  const known = new Map(spans.map((span) => [span.spanId, span]));
  const inOrder = [...known.values()].sort((a, b) => a.startedAt - b.startedAt);
  const beganAt = inOrder[0]?.startedAt ?? 0;
  const under = (parentId: string | null) =>
    inOrder.filter((span) => span.parentId === parentId && span !== known.get(parentId ?? ''));
  const rows: string[][] = [];
  const shown = new Set<Shown>();
  const add = (span: Shown, lead: string, branch: string) => {
    // A hostile span may be its own grandparent.
    if (shown.has(span)) return;
    shown.add(span);
    const at = `+${(span.startedAt - beganAt).toFixed(1)} ms`;
    rows.push([
      at,
      `${span.durationMs.toFixed(1)} ms`,
      `${lead}${branch}${span.who}  ${span.what}${span.failed ? '  FAILED' : ''}`,
    ]);
    const children = under(span.spanId);
    const deeper = lead + (branch === '' ? '' : branch.startsWith('└') ? '   ' : '│  ');
    for (const [n, child] of children.entries()) add(child, deeper, n === children.length - 1 ? '└─ ' : '├─ ');
  };
  // The caller outside, and whatever is not held any more, are no spans here.
  for (const span of inOrder) if (span.parentId === null || !known.has(span.parentId)) add(span, '', '');
  for (const span of inOrder) add(span, '', '');
  return table([['BEGAN', 'TOOK', 'SPAN'], ...rows]);
}

function ofMesh(span: Span): Shown {
  const { attributes } = span;
  const status = attributes['http.response.status_code'] ?? attributes['error.type'] ?? '';
  const to = attributes['mesh.service'] ?? '';
  const endpoint = attributes['mesh.endpoint'] ?? '';
  const what =
    span.kind === 'server'
      ? `${attributes['http.request.method'] ?? span.name} ${attributes['url.path'] ?? ''} ${status}`
      : `→ ${to} ${endpoint} ${status}`;
  return {
    ...{ spanId: span.spanId, parentId: span.parentId, startedAt: span.startedAt, durationMs: span.durationMs },
    who: 'mesh',
    what: what.replaceAll(/ +/g, ' ').trim(),
    failed: 'error.type' in attributes,
  };
}

function ofService({ attributes, ...span }: ServiceSpan): Shown {
  const status = attributes['http.response.status_code'] ?? '';
  const about = [
    attributes['server.address'] && span.kind === 'client' ? `→ ${attributes['server.address']}` : '',
    attributes['url.path'] && span.kind === 'client' ? attributes['url.path'] : '',
    attributes['messaging.rabbitmq.destination.routing_key'] ?? '',
    status,
  ];
  return {
    ...{ spanId: span.spanId, parentId: span.parentId, startedAt: span.startedAt, durationMs: span.durationMs },
    who: span.service,
    what: [span.name, ...about].filter((part) => part !== '').join(' '),
    failed: span.failed,
  };
}
