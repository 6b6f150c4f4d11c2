import { type Fault, maxFaultsPerDocument, shownValue } from '../fault.ts';
import { follow, formatPath, type Place, placeOf, type Step, type Tree } from './tree.ts';

/** One document and the faults found in it. */
export interface Origin {
  file: string;
  document: number;
  /** Set once kind and name are known. */
  object: string;
  tree: Tree;
  faults: Fault[];
  /** Key paths of values of a wrong type: nothing inside them was read. */
  unread: Set<string>;
}

export interface FaultDetail {
  hint?: string;
  /** The value may be a secret. */
  hideValue?: boolean;
  place?: Place;
  severity?: Fault['severity'];
  /** See `Fault.unresolved`. */
  unresolved?: boolean;
}

/** A place in a document: gives the value there and takes its faults. */
export class Cursor {
  readonly origin: Origin;
  readonly tree: Tree;
  readonly steps: readonly Step[];

  constructor(origin: Origin, tree: Tree = origin.tree, steps: readonly Step[] = []) {
    this.origin = origin;
    this.tree = tree;
    this.steps = steps;
  }

  child(step: Step, tree: Tree): Cursor {
    return new Cursor(this.origin, tree, [...this.steps, step]);
  }

  /** Whether this document has the maximum of reported faults. */
  get full(): boolean {
    return this.#reported('error') >= maxFaultsPerDocument;
  }

  #reported(severity: Fault['severity']): number {
    return this.origin.faults.filter((fault) => fault.severity === severity).length;
  }

  /**
   * Reports a fault at `below` (steps from here). Each key path gets one fault only: after the first, a stand-in has
   * replaced the value, and further faults would be its consequences.
   */
  fault(below: readonly Step[], rule: string, detail: FaultDetail = {}): void {
    const { severity = 'error' } = detail;
    if (this.#reported(severity) >= maxFaultsPerDocument) return;
    const steps = [...this.steps, ...below];
    const path = formatPath(steps);
    const { origin } = this;
    for (let length = 0; length < steps.length; length += 1) {
      if (origin.unread.has(formatPath(steps.slice(0, length)))) return;
    }
    const echoes = (known: Fault) => known.path === path && (known.severity === 'error' || severity === 'warning');
    if (origin.faults.some(echoes)) return;
    const found = follow(this.tree, below);
    const place = detail.place ?? placeOf(origin.tree, steps);
    const value =
      found === undefined || found.kind !== 'scalar' || detail.hideValue === true
        ? {}
        : { value: found.substituted ? shownValue(found.written) : shownValue(found.value) };
    origin.faults.push({
      severity,
      file: origin.file,
      document: origin.document,
      line: place.line,
      column: place.column,
      object: origin.object,
      path,
      ...value,
      rule,
      ...(detail.hint === undefined ? {} : { hint: detail.hint }),
      ...(detail.unresolved === true ? { unresolved: true } : {}),
    });
  }

  /** Reports the faults of the variables in the value here. Every reader of a scalar calls this. */
  reportVariableFaults(): void {
    if (this.tree.kind !== 'scalar') return;
    for (const rule of this.tree.broken) this.fault([], rule);
  }

  /** Reports a value of a wrong type; no faults inside it are reported. */
  unreadable(rule: string): void {
    this.fault([], rule);
    this.origin.unread.add(formatPath(this.steps));
  }

  /** Whether `below` itself has a fault: rules that depend on its value must then be skipped. */
  hasFault(below: readonly Step[]): boolean {
    const path = formatPath([...this.steps, ...below]);
    return this.origin.faults.some((fault) => fault.path === path && fault.severity === 'error');
  }

  warn(below: readonly Step[], rule: string, detail: FaultDetail = {}): void {
    this.fault(below, rule, { ...detail, severity: 'warning' });
  }

  /** Reports a reference that leads nowhere: a warning, but what depends on the reference does not work. */
  unresolved(below: readonly Step[], rule: string, detail: FaultDetail = {}): void {
    this.warn(below, rule, { ...detail, unresolved: true });
  }
}
