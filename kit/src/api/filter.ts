import { badRequest } from './faults.ts';

export const operators = ['eq', 'like', 'gt', 'ge', 'lt', 'le', 'in'] as const;
export type Operator = (typeof operators)[number];

export interface FilterTerm {
  op: Operator;
  field: string;
  /** Exactly one value, except for `in`. */
  values: string[];
}

const maxTerms = 10;
const unparseable = 'Could not parse the supplied filter';

/**
 * Parses `eq(status,live):like(sku,A*)` into terms, all of which must hold. The parser balances parentheses, because
 * values may contain `:` (timestamps), commas and parentheses.
 * @throws ServiceError `bad_request`: the text is not a filter, names an unknown operator, or has more than ten terms
 */
export function parseFilter(text: string): FilterTerm[] {
  const terms: FilterTerm[] = [];
  let at = 0;
  while (at < text.length) {
    const open = text.indexOf('(', at);
    if (open < 0) throw badRequest(unparseable);
    const close = closingParenthesis(text, open);
    terms.push(parseTerm(text.slice(at, open), text.slice(open + 1, close)));
    if (terms.length > maxTerms) throw badRequest(`A filter holds at most ${maxTerms} terms`);
    at = close + 1;
    if (at === text.length) return terms;
    if (text[at] !== ':') throw badRequest(unparseable);
    at += 1;
  }
  throw badRequest(unparseable);
}

function closingParenthesis(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at < text.length; at += 1) {
    if (text[at] === '(') depth += 1;
    if (text[at] === ')') depth -= 1;
    if (depth === 0) return at;
  }
  throw badRequest(unparseable);
}

function parseTerm(name: string, inside: string): FilterTerm {
  const op = operators.find((known) => known === name.trim());
  const comma = inside.indexOf(',');
  if (op === undefined || comma < 0) throw badRequest(unparseable);
  const field = inside.slice(0, comma).trim();
  const rest = inside.slice(comma + 1);
  const values = (op === 'in' ? rest.split(',') : [rest]).map(unquote);
  if (!/^\w+(\.\w+)*$/.test(field) || values.some((value) => value === '')) throw badRequest(unparseable);
  return { op, field, values };
}

function unquote(value: string): string {
  const text = value.trim();
  return text.length >= 2 && text.startsWith("'") && text.endsWith("'") ? text.slice(1, -1) : text;
}
