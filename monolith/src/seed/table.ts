/** A value in the form of COPY: objects become JSON, lists of text become PostgreSQL arrays. */
export type Cell = string | number | boolean | null | Date | readonly string[] | { json: unknown };

/** Rows to copy into a table. */
export interface Table {
  name: string;
  columns: readonly string[];
  rows: Iterable<readonly Cell[]>;
}

/** One line of COPY's text format (PostgreSQL manual, COPY, "Text Format"). */
export function copyLine(row: readonly Cell[]): string {
  return `${row.map(cellText).join('\t')}\n`;
}

function cellText(cell: Cell): string {
  if (cell === null) return '\\N';
  if (typeof cell === 'string') return escaped(cell);
  if (typeof cell === 'number' || typeof cell === 'boolean') return String(cell);
  if (cell instanceof Date) return cell.toISOString();
  if ('json' in cell) return escaped(JSON.stringify(cell.json));
  return escaped(`{${cell.map((text) => `"${text.replaceAll(/["\\]/g, (special) => `\\${special}`)}"`).join(',')}}`);
}

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

function escaped(text: string): string {
  return /[\\\t\n\r]/.test(text) ? text.replaceAll(/[\\\t\n\r]/g, (special) => escapes[special] ?? '') : text;
}
