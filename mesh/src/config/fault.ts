import { visibleJson } from '../visible.ts';

/** A fault of a document. */
export interface Fault {
  /** A warning does not stop the mesh from taking the configuration. */
  severity: 'error' | 'warning';
  /** Name of the file as given. */
  file: string;
  /** From 1; 0 for the file as a whole. */
  document: number;
  /** From 1; 0 if no line is known. */
  line: number;
  column: number;
  /** Kind and name, as `HTTPRoute/token`; empty if unknown. */
  object: string;
  /** Key path in the document, as `spec.rules[0].backendRefs[1].port`; empty for the whole document. */
  path: string;
  /** As written (variables not filled in); absent if there is no value or it may be a secret. */
  value?: string;
  /** The rule that the document breaks. */
  rule: string;
  /** A suggestion for the author. */
  hint?: string;
  /** The warning is about a reference that leads nowhere: what depends on it does not work. */
  unresolved?: true;
}

/** Most faults reported per document. */
export const maxFaultsPerDocument = 100;

/** Most characters shown of a value. */
const maxShownValue = 80;

/** One line: `file:line:column: HTTPRoute/token: spec.rules[0].name = "x": must be … (did you mean "y"?)`. */
export function formatFault(fault: Fault): string {
  let line = fault.file;
  if (fault.line > 0) line += `:${fault.line}:${fault.column}`;
  line += ': ';
  if (fault.severity === 'warning') line += fault.unresolved === true ? 'unresolved reference: ' : 'warning: ';
  if (fault.object !== '') line += `${fault.object}: `;
  if (fault.path !== '') {
    line += fault.path;
    if (fault.value !== undefined) line += ` = ${fault.value}`;
    line += ': ';
  }
  line += fault.rule;
  if (fault.hint !== undefined) line += ` (${fault.hint})`;
  return line;
}

/** A value as faults show it: on one line, cut where it is long, control characters written as escapes. */
export function shownValue(value: unknown): string {
  const text = visibleJson(value);
  return text.length > maxShownValue ? `${text.slice(0, maxShownValue)}…` : text;
}

/** `did you mean "…"?` or nothing. */
export function didYouMean(name: string | null): { hint: string } | Record<string, never> {
  return name === null ? {} : { hint: `did you mean "${name}"?` };
}

/** By file, document, line, column, then path: the order of reading. */
export function byPlace(a: Fault, b: Fault): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.document - b.document || a.line - b.line || a.column - b.column || (a.path < b.path ? -1 : 1);
}
