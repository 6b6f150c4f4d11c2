import { visibleJson } from '../visible.ts';

/** One thing that is wrong with a document. */
export interface Fault {
  /** A warning is told, but the configuration is taken. */
  severity: 'error' | 'warning';
  /** Name of the file as given. */
  file: string;
  /** From 1; 0 where the file as a whole is meant. */
  document: number;
  /** From 1; 0 where no line can be told. */
  line: number;
  column: number;
  /** Kind and name, as `HTTPRoute/token`; empty where they cannot be told. */
  object: string;
  /** Key path in the document, as `spec.rules[0].backendRefs[1].port`; empty for the whole document. */
  path: string;
  /** As written (variables not filled in); absent where nothing is there or it may be a secret. */
  value?: string;
  /** What must hold. */
  rule: string;
  /** What the author may have meant. */
  hint?: string;
  /** A warning about a reference that leads nowhere: what depends on it does not work. */
  unresolved?: true;
}

/** Faults that are told of one document: whoever has more has another problem. */
export const maxFaultsPerDocument = 100;

/** Characters of a value that are shown. */
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
