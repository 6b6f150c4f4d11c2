import { literalsOf } from './literals.ts';

/** `writes`: inserts, updates, deletes. `locks`: keeps rows as they are until its transaction ends. `reads`: all others. */
export type How = 'writes' | 'locks' | 'reads';

/** A name in the place of a table: a table, or the expression that gives its name. */
export interface TableUse {
  how: How;
  name: string;
  dynamic: boolean;
}

const name = String.raw`(\w*⟦[^⟧]*⟧\w*|\w+)`;
const inPlaceOfTable = new RegExp(
  String.raw`\b(insert\s+into|delete\s+from|update|lock\s+table|truncate|from|join|using)\s+(?:only\s+)?${name}`,
  'gi',
);
const statement =
  /\b(?:select|insert\s+into|delete\s+from|lock\s+table|truncate|join|where)\b|\bupdate\b[\s\S]*\bset\b/i;
const lockClause = /\bfor\s+(?:no\s+key\s+update|update|key\s+share|share)\b/i;
const fromList = /\bfrom\s+((?:(?!\b(?:where|order|group|limit|left|join|on|union|returning|select|for)\b)[^)])*)/gi;

/**
 * The tables that one text names in the places of tables. A text that is no SQL gives none. It knows no grammar: names of
 * common table expressions and of functions come along, and the caller leaves out what is no table.
 */
export function usesInText(text: string): TableUse[] {
  if (!statement.test(text)) return [];
  const sql = text.replaceAll(/'[^'\n]*'/g, "''");
  const reading: How = lockClause.test(sql) ? 'locks' : 'reads';
  const named = [...sql.matchAll(inPlaceOfTable)].flatMap((match): TableUse[] => {
    const [, verb = '', found = ''] = match;
    const keyword = verb.toLowerCase().replaceAll(/\s+/g, ' ');
    // `for update of x`, `do update set`: no statement of its own.
    const isClause = /^(?:set|of|skip)$/i.test(found) || /\bfor\s+(?:no\s+key\s+)?$/i.test(sql.slice(0, match.index));
    if (keyword === 'update' && isClause) return [];
    if (/^(?:insert into|delete from|update|truncate)$/.test(keyword)) return [use('writes', found)];
    return [use(keyword === 'lock table' ? 'locks' : reading, found)];
  });
  return [...named, ...afterCommas(sql).map((found) => use(reading, found))];
}

function use(how: How, found: string): TableUse {
  const dynamic = found.includes('⟦');
  const whole = /^⟦([^⟧]*)⟧$/.exec(found)?.[1];
  return { how, name: whole ?? (dynamic ? found : found.toLowerCase()), dynamic };
}

/** `from a, b`: what follows a comma. Without what is in parentheses, which has its own `from`. */
function afterCommas(sql: string): string[] {
  let flat = sql;
  for (let before = ''; before !== flat; ) {
    before = flat;
    flat = flat.replaceAll(/\([^()]*\)/g, '');
  }
  return [...flat.matchAll(fromList)].flatMap(([, list = '']) =>
    list
      .split(',')
      .slice(1)
      .flatMap((item) => new RegExp(String.raw`^\s*${name}`).exec(item)?.[1] ?? []),
  );
}

/** The tables that a TypeScript source names in its SQL. */
export function usesIn(source: string): TableUse[] {
  return literalsOf(source).flatMap(usesInText);
}
