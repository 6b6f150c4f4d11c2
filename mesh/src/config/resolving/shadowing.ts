import { byText } from '../order.ts';
import type { Documents } from '../reading/documents.ts';
import type { Cursor } from '../tree/cursor.ts';
import type { Step } from '../tree/tree.ts';

interface Claim {
  route: string;
  createdAt: string;
  index: number;
  at: Cursor;
  steps: Step[];
}

/**
 * Warns of rules that match exactly the same requests at the same parent: only the first of them gets requests (that of
 * the older route, then of the first route by name, then the first rule).
 */
export function warnOfShadowing(documents: Documents): void {
  const claims = new Map<string, Claim[]>();
  for (const { value, at, faulty } of documents.HTTPRoute) {
    if (faulty) continue;
    const { parentRefs, hostnames, rules } = value.spec;
    for (const parent of parentRefs) {
      for (const [ruleIndex, { matches }] of rules.entries()) {
        for (const [matchIndex, match] of (matches.length === 0 ? [anyMatch] : matches).entries()) {
          const { kind, name, sectionName, port } = parent;
          const sorted = {
            path: match.path,
            headers: sortedNames(match.headers),
            query: sortedNames(match.queryParams),
          };
          const key = JSON.stringify([kind, name, sectionName, port, [...hostnames].sort(), sorted, match.method]);
          const claim: Claim = {
            route: value.metadata.name,
            createdAt: value.metadata.creationTimestamp ?? '9999',
            index: ruleIndex * 1000 + matchIndex,
            at,
            steps: ['spec', 'rules', ruleIndex, 'matches', matchIndex],
          };
          claims.set(key, [...(claims.get(key) ?? []), claim]);
        }
      }
    }
  }
  for (const rivals of claims.values()) {
    const [first, ...others] = rivals.sort(
      (a, b) => byText(a.createdAt, b.createdAt) || byText(a.route, b.route) || a.index - b.index,
    );
    for (const { at, steps } of others) {
      at.warn(steps, `gets no requests: HTTPRoute ${first?.route} matches the same ones and takes precedence`);
    }
  }
}

const anyMatch = { path: { type: 'PathPrefix', value: '/' }, headers: [], queryParams: [], method: undefined };

const sortedNames = (values: readonly { name: string }[]) => [...values].sort((a, b) => byText(a.name, b.name));
