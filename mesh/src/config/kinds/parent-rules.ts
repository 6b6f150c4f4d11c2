import type { Cursor } from '../tree/cursor.ts';

interface Parent {
  group?: string;
  kind: string;
  name: string;
  namespace?: string;
  sectionName?: string;
  port?: number;
}

/**
 * The Gateway API's rules for a route that names one parent several times: each reference has a sectionName or a port,
 * all have the same of these two fields, and no two have the same values.
 */
export function parentsDiffer(parents: readonly Parent[], at: Cursor): void {
  for (const [index, parent] of parents.entries()) {
    for (const other of parents.slice(0, index)) {
      if (!isSameObject(parent, other)) continue;
      const steps = [index, 'name'];
      const sameParts =
        (parent.sectionName === undefined) === (other.sectionName === undefined) &&
        (parent.port === undefined) === (other.port === undefined);
      if (!sameParts) at.fault(steps, 'must have a sectionName or a port if a parent appears twice');
      else if (parent.sectionName === other.sectionName && parent.port === other.port) {
        at.fault(steps, 'must not be the same parent twice');
      }
    }
  }
}

function isSameObject(a: Parent, b: Parent): boolean {
  return a.kind === b.kind && a.name === b.name && a.group === b.group && a.namespace === b.namespace;
}
