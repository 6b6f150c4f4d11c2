import { closest } from '../closest.ts';
import { didYouMean } from '../fault.ts';
import { type Kind, kinds, ownGroup } from '../kinds/kinds.ts';
import { gatewayGroup } from '../kinds/references.ts';
import type { Cursor } from '../tree/cursor.ts';
import { follow } from '../tree/tree.ts';

/** Kinds of the Gateway API that the mesh ignores; some of their names look like misspellings of the mesh's own. */
const passedOver: ReadonlySet<string> = new Set([
  'BackendTLSPolicy',
  'GatewayClass',
  'GRPCRoute',
  'ListenerSet',
  'ReferenceGrant',
  'TCPRoute',
  'TLSRoute',
  'UDPRoute',
]);

/**
 * The kind of a document; null if the mesh does not read it. A kind of another program is ignored with a warning. A
 * probable misspelling of one of the mesh's own kinds is a fault.
 */
export function kindOf(at: Cursor): Kind | null {
  const kind = scalarIn(at, 'kind');
  const apiVersion = scalarIn(at, 'apiVersion');
  if (kind === null || apiVersion === null) {
    if (apiVersion === null) at.fault(['apiVersion'], 'is required: a text');
    if (kind === null) at.fault(['kind'], 'is required: a text');
    return null;
  }
  const group = groupOf(apiVersion);
  const known = Object.hasOwn(kinds, kind) ? kinds[kind as Kind] : undefined;
  if (known !== undefined && groupOf(known.apiVersion) === group) {
    if (apiVersion !== known.apiVersion && !known.sameAs.includes(apiVersion)) {
      at.fault(['apiVersion'], `must be ${known.apiVersion} for kind ${kind}`);
    }
    return kind as Kind;
  }
  if (known !== undefined && closest(group, [groupOf(known.apiVersion)]) !== null) {
    at.fault(['apiVersion'], `must be ${known.apiVersion} for kind ${kind}`);
    return null;
  }
  const near = slipOf(kind, group);
  if (near !== null || group === ownGroup) {
    at.fault(['kind'], `must be one of ${Object.keys(kinds).join(', ')}`, didYouMean(near));
    return null;
  }
  // A document of another program may hold anything, even what would be a fault here.
  at.origin.faults = [];
  at.warn(['kind'], 'has no meaning to the mesh and is ignored');
  return null;
}

/** The mesh's kind of the same group that `kind` probably misspells; null if it resembles none. */
function slipOf(kind: string, group: string): Kind | null {
  if (group === gatewayGroup && passedOver.has(kind)) return null;
  const candidates = Object.entries(kinds).filter(([, { apiVersion }]) => groupOf(apiVersion) === group);
  return closest(
    kind,
    candidates.map(([name]) => name),
  ) as Kind | null;
}

/** `gateway.networking.k8s.io` of `gateway.networking.k8s.io/v1`; empty for the core group. */
function groupOf(apiVersion: string): string {
  return apiVersion.slice(0, Math.max(0, apiVersion.indexOf('/')));
}

function scalarIn(at: Cursor, key: string): string | null {
  const found = follow(at.tree, [key]);
  if (found === undefined) return null;
  at.child(key, found).reportVariableFaults();
  return found.kind === 'scalar' && typeof found.value === 'string' ? found.value : null;
}
