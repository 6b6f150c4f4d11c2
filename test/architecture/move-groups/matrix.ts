import { isTest, type Source, sourcesBelow } from '../sources.ts';
import { type Declaration, declarationsOf } from './code-graph.ts';
import { type Group, groupOfCode, groupOfTable, type Place, seams, tablesOfExpression } from './groups.ts';
import { type How, usesIn } from './table-uses.ts';

/** The code of one group uses a table of another group. */
export interface Crossing {
  code: Group;
  how: How;
  table: string;
  group: Group;
  /** The declarations whose queries name the table. */
  at: string[];
}

export interface Matrix {
  /** `orders writes stock`: each use of a table by code, of own tables too. */
  uses: ReadonlySet<string>;
  crossings: Crossing[];
  /** Expressions in the place of a table that nothing explains: `file expression`. */
  unexplained: string[];
}

const leftOut = /^(seed|testing|schema)\//;

/** The sources of the monolith that serve requests and jobs, with paths below `monolith/src`. */
export function monolithSources(): Source[] {
  return sourcesBelow('monolith/src')
    .map(({ path, text }) => ({ path: path.slice('monolith/src/'.length), text }))
    .filter(({ path }) => !isTest(path) && !leftOut.test(path));
}

/** Derives which group's code writes, locks and reads which tables, by itself or by what it calls. */
export function matrixOf(sources: readonly Source[]): Matrix {
  const declarations = declarationsOf(sources);
  const unexplained = new Set<string>();
  const direct = new Map([...declarations].map(([key, one]) => [key, tablesIn(one, unexplained)]));
  const uses = new Set<string>();
  const crossings = new Map<string, Crossing>();
  for (const start of declarations.values()) {
    const code = groupOfCode(start.path);
    if (code === undefined || seams.test(start.path)) continue;
    for (const key of reachable(declarations, start)) {
      for (const { how, table, group } of direct.get(key) ?? []) {
        uses.add(`${code} ${how} ${table}`);
        if (group === code || group === 'every' || group === 'entity') continue;
        const crossing = crossings.get(`${code} ${how} ${table}`) ?? { code, how, table, group, at: [] };
        if (!crossing.at.includes(key)) crossing.at.push(key);
        crossings.set(`${code} ${how} ${table}`, crossing);
      }
    }
  }
  return { uses, crossings: [...crossings.values()], unexplained: [...unexplained].sort() };
}

function tablesIn({ path, text }: Declaration, unexplained: Set<string>) {
  return usesIn(text).flatMap(({ how, name, dynamic }) => {
    if (!dynamic) return groupOfTable.has(name) ? [placed(how, name)] : [];
    const tables = tablesOfExpression[`${path} ${name}`];
    if (tables === undefined && !seams.test(path)) unexplained.add(`${path} ${name}`);
    return (tables ?? '').split(' ').flatMap((table) => (table === '' ? [] : [placed(how, table)]));
  });
}

function placed(how: How, table: string): { how: How; table: string; group: Place } {
  return { how, table, group: groupOfTable.get(table) ?? 'entity' };
}

/** The declaration and all that it uses, as far as the seams. */
function reachable(all: ReadonlyMap<string, Declaration>, start: Declaration): Set<string> {
  const seen = new Set([start.key]);
  const open = [start];
  for (let one = open.pop(); one !== undefined; one = open.pop()) {
    for (const name of one.names) {
      const next = all.get(name);
      if (next === undefined || seen.has(name) || seams.test(next.path)) continue;
      seen.add(name);
      open.push(next);
    }
  }
  return seen;
}
