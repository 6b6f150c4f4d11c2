/** A document as data, with the place of each value in the file. */
export type Tree = MapTree | ListTree | ScalarTree;

/** From 1, as editors count. */
export interface Place {
  line: number;
  column: number;
}

export interface MapTree {
  kind: 'map';
  place: Place;
  entries: Map<string, { keyPlace: Place; value: Tree }>;
}

export interface ListTree {
  kind: 'list';
  place: Place;
  items: Tree[];
}

export interface ScalarTree {
  kind: 'scalar';
  place: Place;
  /** With its variables filled in; then always a string. */
  value: string | number | boolean | null;
  /** As written, before variables are filled in: what faults show, so that no secret is shown. */
  written: string;
  /** Whether variables were filled in: such a string is also read as the number or boolean that it spells. */
  substituted: boolean;
  /** Rules that the variables break. The reader of the value reports them, so that ignored values cause no faults. */
  broken: readonly string[];
}

export type Step = string | number;

/** `spec.rules[0].name`; other keys than plain names are in brackets and quotes. */
export function formatPath(steps: readonly Step[]): string {
  let path = '';
  for (const step of steps) {
    if (typeof step === 'number') path += `[${step}]`;
    else if (/^[A-Za-z_][A-Za-z0-9_-]*$/.test(step)) path += path === '' ? step : `.${step}`;
    else path += `[${JSON.stringify(step)}]`;
  }
  return path;
}

/** The tree at `steps`, or undefined. */
export function follow(tree: Tree, steps: readonly Step[]): Tree | undefined {
  let at: Tree | undefined = tree;
  for (const step of steps) {
    if (at?.kind === 'map') at = at.entries.get(String(step))?.value;
    else if (at?.kind === 'list') at = at.items[Number(step)];
    else return undefined;
  }
  return at;
}

/** Where `steps` was written: the deepest place on the way that exists; for an entry of a map that of its value. */
export function placeOf(tree: Tree, steps: readonly Step[]): Place {
  for (let length = steps.length; length > 0; length -= 1) {
    const found = follow(tree, steps.slice(0, length));
    if (found !== undefined) return found.place;
  }
  return tree.place;
}
