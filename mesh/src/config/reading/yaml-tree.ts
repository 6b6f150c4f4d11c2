import { Composer, type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type ParsedNode, Parser } from 'yaml';
import type { Fault } from '../fault.ts';
import { Cursor, type Origin } from '../tree/cursor.ts';
import type { Place, Step, Tree } from '../tree/tree.ts';
import { substitute, type Variables } from './substitute.ts';

/** Most characters in one file. */
export const maxFileLength = 262_144;
/** Most documents in one file. */
const maxDocumentsPerFile = 2000;
/** YAML faults reported per file. */
const maxProblems = 100;
/** Deepest nesting of lists and mappings. */
const maxDepth = 64;
/** Most nodes in one file. Every use of an alias counts, so that a small file cannot grow into a large one. */
const maxNodes = 50_000;

/** The document exceeds a limit and cannot be read. */
class TooMuch extends Error {
  readonly place: Place;

  constructor(rule: string, place: Place) {
    super(rule);
    this.place = place;
  }
}

/** The documents of one YAML or JSON file, each with its faults so far. An unreadable document is in `faults` only. */
export function readYaml(file: string, text: string, variables: Variables): { origins: Origin[]; faults: Fault[] } {
  const whole = (rule: string, place: Place = { line: 0, column: 0 }, document = 0): Fault => ({
    severity: 'error',
    file,
    document,
    ...place,
    object: '',
    path: '',
    rule,
  });
  if (text.length > maxFileLength) {
    return { origins: [], faults: [whole(`must not be longer than ${maxFileLength} characters`)] };
  }
  const lines = new LineCounter();
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const origins: Origin[] = [];
  const faults: Fault[] = [];
  const nodes = { count: 0 };
  let count = 0;
  try {
    for (const document of documentsOf(text, lines)) {
      count += 1;
      if (count > maxDocumentsPerFile) {
        faults.push(whole(`must not hold more than ${maxDocumentsPerFile} documents`));
        break;
      }
      const problems = [...document.errors, ...document.warnings];
      for (const problem of problems.slice(0, 10)) {
        faults.push(whole(`must be YAML: ${sentence(problem.message)}`, placeAt(problem.pos[0]), count));
      }
      if (faults.length >= maxProblems || nodes.count > maxNodes) break;
      if (problems.length > 0 || document.contents === null) continue;
      const origin: Origin = { file, document: count, object: '', tree: emptyTree, faults: [], unread: new Set() };
      try {
        origin.tree = new Conversion(origin, placeAt, variables, nodes).convert(document.contents, [], 0);
      } catch (error) {
        if (!(error instanceof TooMuch)) throw error;
        faults.push(whole(error.message, error.place, count));
        continue;
      }
      const isEmpty = origin.tree.kind === 'scalar' && origin.tree.value === null;
      if (!isEmpty) origins.push(origin);
    }
  } catch (error) {
    // The parser itself ran out of stack.
    if (error instanceof RangeError) faults.push(whole('must be YAML: nested too deep', { line: 0, column: 0 }, count));
    else throw error;
  }
  return { origins, faults };
}

/**
 * The documents of a text, one by one, so that the caller can stop early. `Conversion` compares keys: the parser takes
 * quadratic time for that.
 */
function documentsOf(text: string, lines: LineCounter): Iterable<Document.Parsed> {
  const composer = new Composer({ lineCounter: lines, prettyErrors: false, uniqueKeys: false, version: '1.2' });
  return composer.compose(new Parser(lines.addNewLine).parse(text));
}

const nothing = (place: Place): Tree => ({
  kind: 'scalar',
  place,
  value: null,
  written: '',
  substituted: false,
  broken: [],
});

const emptyTree: Tree = nothing({ line: 1, column: 1 });

function sentence(message: string): string {
  const oneLine = message.replace(/[\s\p{Cc}]+/gu, ' ').replace(/^Maximum call stack .*/, 'nested too deep');
  return oneLine.length > 200 ? `${oneLine.slice(0, 200)}…` : oneLine;
}

/** Turns the parser's nodes into a tree of our own, and fills variables in on the way. */
class Conversion {
  readonly #origin: Origin;
  readonly #placeAt: (offset: number) => Place;
  readonly #variables: Variables;
  readonly #nodes: { count: number };
  readonly #anchors = new Map<string, ParsedNode>();

  constructor(origin: Origin, placeAt: (offset: number) => Place, variables: Variables, nodes: { count: number }) {
    this.#origin = origin;
    this.#placeAt = placeAt;
    this.#variables = variables;
    this.#nodes = nodes;
  }

  convert(node: ParsedNode, steps: Step[], depth: number): Tree {
    const place = this.#placeAt(node.range[0]);
    this.#nodes.count += 1;
    if (this.#nodes.count > maxNodes) {
      throw new TooMuch(
        `must not hold more than ${maxNodes} values (aliases counted as often as they are used)`,
        place,
      );
    }
    if (depth > maxDepth) throw new TooMuch(`must not nest deeper than ${maxDepth} levels`, place);
    if (isAlias(node)) {
      const target = this.#anchors.get(node.source);
      if (target === undefined) throw new TooMuch('must define an anchor before its alias', place);
      return this.convert(target, steps, depth + 1);
    }
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, node);
    if (isMap(node)) {
      const entries = new Map<string, { keyPlace: Place; value: Tree }>();
      for (const { key, value } of node.items) {
        const keyPlace = key.range === null || key.range === undefined ? place : this.#placeAt(key.range[0]);
        if (!isScalar(key) || typeof key.value !== 'string') {
          new Cursor(this.#origin, this.#origin.tree, steps).fault([], 'must have text keys only', {
            place: keyPlace,
            hideValue: true,
          });
          continue;
        }
        const name = key.value;
        if (entries.has(name)) {
          new Cursor(this.#origin, this.#origin.tree, [...steps, name]).fault([], 'must not appear twice', {
            place: keyPlace,
            hideValue: true,
          });
          continue;
        }
        const inner =
          value === null ? nothing(keyPlace) : this.convert(value as ParsedNode, [...steps, name], depth + 1);
        entries.set(name, { keyPlace, value: inner });
      }
      return { kind: 'map', place, entries };
    }
    if (isSeq(node)) {
      const items = node.items.map((item, index) => this.convert(item as ParsedNode, [...steps, index], depth + 1));
      return { kind: 'list', place, items };
    }
    return this.#scalar(node.value, place);
  }

  #scalar(value: unknown, place: Place): Tree {
    if (typeof value !== 'string') {
      const plain = typeof value === 'number' || typeof value === 'boolean' ? value : null;
      return { kind: 'scalar', place, value: plain, written: String(plain), substituted: false, broken: [] };
    }
    const { text, substituted, faults } = substitute(value, this.#variables);
    return {
      kind: 'scalar',
      place,
      value: text,
      written: value,
      substituted: substituted || faults.length > 0,
      broken: faults,
    };
  }
}
