import type { Reviewed } from './crossings.ts';
import { type Group, groupOfTable, groups } from './groups.ts';
import type { Matrix } from './matrix.ts';
import type { How } from './table-uses.ts';

const letters: readonly (readonly [How, string])[] = [
  ['writes', 'W'],
  ['locks', 'L'],
  ['reads', 'R'],
];

/** `monolith/MOVE-GROUPS.md`. */
export function pageOf(matrix: Matrix, reviewed: readonly Reviewed[]): string {
  const tables = (group: Group | 'every') => [...groupOfTable].filter(([, of]) => of === group).map(([table]) => table);
  const uses = (code: Group, table: string) =>
    letters.filter(([how]) => matrix.uses.has(`${code} ${how} ${table}`)).map(([, letter]) => letter);
  const cell = (code: Group, group: Group) => {
    const found = new Set(tables(group).flatMap((table) => uses(code, table)));
    return letters
      .filter(([, letter]) => found.has(letter))
      .map(([, letter]) => letter)
      .join('');
  };
  return `# Move groups

Generated from the monolith's queries by \`npm run move-groups -w @banyan/test\`, and checked by
\`test/architecture/move-groups.test.ts\`. The resources of one group change their owner together; each group moves alone,
in any order.

| group | tables |
|---|---|
${groups.map((group) => `| ${group} | ${tables(group).map(code).join(', ')} |`).join('\n')}
| part of every resource | ${tables('every').map(code).join(', ')} |

## Who uses what

Rows are code, columns are tables. W: writes. L: locks rows, so that they stay as they are until a decision is committed. R:
reads. What code calls counts as its own, as far as the seams of [README.md](README.md). Values of fields and entries of core
flows count as their entity's.

| code | ${groups.join(' | ')} |
|---|${groups.map(() => '---').join('|')}|
${groups.map((of) => `| **${of}** | ${groups.map((group) => cell(of, group)).join(' | ')} |`).join('\n')}

No code writes a table of another group.

## What crosses

Each of these becomes a question to another service, or a copy that facts keep.

| code | uses | for | why |
|---|---|---|---|
${reviewed.map(rowOf).join('\n')}
`;
}

function rowOf({ code: by, how, tables, means, reason }: Reviewed): string {
  const list = tables.split(/\s+/).map(code).join(', ');
  return `| ${by.join('; ')} | ${how} ${list} | ${means === 'decides' ? 'decisions' : 'replies'} | ${reason} |`;
}

const code = (text: string) => `\`${text}\``;
