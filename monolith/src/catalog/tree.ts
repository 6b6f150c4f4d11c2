import type { Queryable } from '../db.ts';
import type { Debts } from '../debts.ts';
import type { Kind } from './kinds.ts';

export interface TreeNode {
  id: string;
  type: string;
  status: string;
  name: string;
  slug: string;
  description: string;
  /** Absent on a leaf. */
  children?: TreeNode[];
}

interface NodeRow {
  id: string;
  parent_id: string | null;
  status: string;
  name: string;
  slug: string;
  description: string;
}

/**
 * The category trees, roots at the top level. A draft hides its descendants from clients that see live entities only.
 * A node whose parent was deleted by another program, without this store's cascade, is a root.
 */
export async function readTree(db: Queryable, debts: Debts, kind: Kind, liveOnly: boolean): Promise<TreeNode[]> {
  if (debts.owed('tree-by-queries')) return branchByQueries(db, kind, null, liveOnly);
  const { rows } = await db.query<NodeRow>(
    `select id, ${knownParent(kind)} as parent_id, status, name, slug, description from ${kind.plural} g
     where $1 is false or status = 'live' order by created_at, id`,
    [liveOnly],
  );
  return branch(
    Map.groupBy(rows, (row) => row.parent_id),
    null,
    kind,
  );
}

// Debt 21: one query for the children of each node, one after the other, leaves included.
async function branchByQueries(
  db: Queryable,
  kind: Kind,
  parentId: string | null,
  liveOnly: boolean,
): Promise<TreeNode[]> {
  const { rows } = await db.query<NodeRow>(
    `select id, parent_id, status, name, slug, description from ${kind.plural} g
     where (parent_id = $1 or ($1::uuid is null and ${knownParent(kind)} is null)) and ($2 is false or status = 'live') order by created_at, id`,
    [parentId, liveOnly],
  );
  const nodes: TreeNode[] = [];
  for (const row of rows) nodes.push(node(row, kind, await branchByQueries(db, kind, row.id, liveOnly)));
  return nodes;
}

function branch(byParent: Map<string | null, NodeRow[]>, parentId: string | null, kind: Kind): TreeNode[] {
  return (byParent.get(parentId) ?? []).map((row) => node(row, kind, branch(byParent, row.id, kind)));
}

function node(row: NodeRow, kind: Kind, children: TreeNode[]): TreeNode {
  const { id, status, name, slug, description } = row;
  return { id, type: kind.type, status, name, slug, description, ...(children.length > 0 && { children }) };
}

/** The parent of `g`, null if there is none in the store. */
function knownParent({ plural }: Kind): string {
  return `(select p.id from ${plural} p where p.id = g.parent_id)`;
}
