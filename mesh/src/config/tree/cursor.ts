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
  /** Present where several documents were merged: the one that the value at `steps` comes from, which takes its faults. */
  ownerOf?: (steps: readonly Step[]) => Origin;
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
  /**
   * Whether this is a part of a mapping whose rest other documents may give. What it lacks, and rules about it as a whole,
   * count only once it has been merged with them.
   */
  readonly partial: boolean;

  constructor(origin: Origin, tree: Tree = origin.tree, steps: readonly Step[] = [], partial = false) {
    this.origin = origin;
    this.tree = tree;
    this.steps = steps;
    this.partial = partial;
  }

  /** Entries of a list are never partial: a list is merged as a whole. */
  child(step: Step, tree: Tree): Cursor {
    return new Cursor(this.origin, tree, [...this.steps, step], this.partial && typeof step === 'string');
  }

  /** The same place, as a part of a mapping. */
  asPartial(): Cursor {
    return new Cursor(this.origin, this.tree, this.steps, true);
  }

  /** Whether this document has the maximum of reported faults. */
  get full(): boolean {
    return reported(this.origin, 'error') >= maxFaultsPerDocument;
  }

  #ownerOf(steps: readonly Step[]): Origin {
    return this.origin.ownerOf?.(steps) ?? this.origin;
  }

  /**
   * Reports a fault at `below` (steps from here). Each key path gets one fault only: after the first, a stand-in has
   * replaced the value, and further faults would be its consequences.
   */
  fault(below: readonly Step[], rule: string, detail: FaultDetail = {}): void {
    const { severity = 'error' } = detail;
    const steps = [...this.steps, ...below];
    const path = formatPath(steps);
    const origin = this.#ownerOf(steps);
    if (reported(origin, severity) >= maxFaultsPerDocument) return;
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

  /** Whether the document has a value at `below`. */
  states(below: readonly Step[]): boolean {
    const found = follow(this.tree, below);
    return found !== undefined && !(found.kind === 'scalar' && found.value === null);
  }

  /** Whether `below` itself has a fault: rules that depend on its value must then be skipped. */
  hasFault(below: readonly Step[]): boolean {
    const steps = [...this.steps, ...below];
    const path = formatPath(steps);
    return this.#ownerOf(steps).faults.some((fault) => fault.path === path && fault.severity === 'error');
  }

  warn(below: readonly Step[], rule: string, detail: FaultDetail = {}): void {
    this.fault(below, rule, { ...detail, severity: 'warning' });
  }

  /** Reports a reference that leads nowhere: a warning, but what depends on the reference does not work. */
  unresolved(below: readonly Step[], rule: string, detail: FaultDetail = {}): void {
    this.warn(below, rule, { ...detail, unresolved: true });
  }
}

const reported = ({ faults }: Origin, severity: Fault['severity']): number =>
  faults.filter((fault) => fault.severity === severity).length;
