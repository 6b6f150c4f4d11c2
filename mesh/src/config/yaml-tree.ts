import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type ParsedNode, parseAllDocuments } from 'yaml';
import { Cursor, type Origin } from './cursor.ts';
import type { Fault } from './fault.ts';
import { substitute, type Variables } from './substitute.ts';
import type { Place, Step, Tree } from './tree.ts';

/** Characters of one file. */
export const maxFileLength = 1_048_576;
/** Levels of lists and mappings in each other. */
const maxDepth = 64;
/** Nodes of one file, with aliases counted as often as they are used: no small file may grow into a large one. */
const maxNodes = 50_000;

class TooMuch extends Error {}

/** The documents of one YAML (or JSON) file, with the faults of each so far. Documents that cannot be read are in `faults` only. */
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
  let documents: Document.Parsed[];
  try {
    const parsed = parseAllDocuments(text, {
      lineCounter: lines,
      prettyErrors: false,
      uniqueKeys: true,
      version: '1.2',
    });
    documents = Array.isArray(parsed) ? parsed : [];
  } catch (error) {
    // A RangeError: nested so deep that the parser itself ran out of stack.
    return {
      origins: [],
      faults: [whole(`must be YAML (${error instanceof RangeError ? 'nested too deep' : String(error)})`)],
    };
  }
  const origins: Origin[] = [];
  const faults: Fault[] = [];
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const nodes = { count: 0 };
  for (const [index, document] of documents.entries()) {
    const problems = [...document.errors, ...document.warnings];
    for (const problem of problems.slice(0, 10)) {
      faults.push(whole(`must be YAML: ${sentence(problem.message)}`, placeAt(problem.pos[0]), index + 1));
    }
    if (problems.length > 0 || document.contents === null) continue;
    const origin: Origin = { file, document: index + 1, object: '', tree: emptyTree, faults: [], unread: new Set() };
    try {
      origin.tree = new Conversion(origin, placeAt, variables, nodes).convert(document.contents, [], 0);
    } catch (error) {
      if (!(error instanceof TooMuch)) throw error;
      faults.push(whole(error.message, placeAt(document.range[0]), index + 1));
      continue;
    }
    if (origin.tree.kind === 'scalar' && origin.tree.value === null) continue;
    origins.push(origin);
  }
  return { origins, faults };
}

const emptyTree: Tree = { kind: 'scalar', place: { line: 1, column: 1 }, value: null, written: '', substituted: false };

function sentence(message: string): string {
  const oneLine = message.replace(/[\s\p{Cc}]+/gu, ' ').replace(/^Map keys must be unique.*/, 'a key is there twice');
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
    this.#nodes.count += 1;
    if (this.#nodes.count > maxNodes)
      throw new TooMuch(`must not hold more than ${maxNodes} values (aliases counted as often as they are used)`);
    if (depth > maxDepth) throw new TooMuch(`must not nest deeper than ${maxDepth} levels`);
    const place = this.#placeAt(node.range[0]);
    if (isAlias(node)) {
      const target = this.#anchors.get(node.source);
      if (target === undefined) throw new TooMuch(`must define the anchor "${node.source}" before its alias`);
      return this.convert(target, steps, depth + 1);
    }
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, node);
    if (isMap(node)) {
      const entries = new Map<string, { keyPlace: Place; value: Tree }>();
      for (const { key, value } of node.items) {
        const keyPlace = key.range === null || key.range === undefined ? place : this.#placeAt(key.range[0]);
        if (!isScalar(key) || typeof key.value !== 'string') {
          new Cursor(this.#origin, this.#origin.tree, steps).fault([], 'must have only texts as keys', {
            place: keyPlace,
          });
          continue;
        }
        const name = key.value;
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
    return this.#scalar(node.value, place, steps);
  }

  #scalar(value: unknown, place: Place, steps: Step[]): Tree {
    if (typeof value !== 'string') {
      const plain = typeof value === 'number' || typeof value === 'boolean' ? value : null;
      return { kind: 'scalar', place, value: plain, written: String(plain), substituted: false };
    }
    const { text, substituted, faults } = substitute(value, this.#variables);
    const tree: Tree = {
      kind: 'scalar',
      place,
      value: text,
      written: value,
      substituted: substituted || faults.length > 0,
    };
    for (const rule of faults) new Cursor(this.#origin, tree, steps).fault([], rule, { place });
    return tree;
  }
}

const nothing = (place: Place): Tree => ({ kind: 'scalar', place, value: null, written: '', substituted: false });
