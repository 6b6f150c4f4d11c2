import { closest } from './closest.ts';
import { Cursor, type Origin } from './cursor.ts';
import { didYouMean, type Fault } from './fault.ts';
import type { SourceFile } from './files.ts';
import { type DocumentTypes, type Kind, kinds, passedOver } from './kinds/kinds.ts';
import { ownAnnotationPrefix, weightAnnotation } from './kinds/metadata.ts';
import type { Variables } from './substitute.ts';
import { follow, type Tree } from './tree.ts';
import { readYaml } from './yaml-tree.ts';

/** A document that has been read; if faulty, with stand-ins for what could not be read. */
export interface ReadDocument<K extends Kind> {
  value: DocumentTypes[K];
  /** At the document as a whole, to tell further faults. */
  at: Cursor;
  faulty: boolean;
}

/** All documents of a configuration, by kind, in the order of reading. */
export type Documents = { [K in Kind]: ReadDocument<K>[] };

/** Documents of one configuration. */
const maxDocuments = 10_000;

/** Reads every document in `files` by its kind. The faults found go on being told at `origins`. */
export function readDocuments(
  files: readonly SourceFile[],
  variables: Variables,
): { documents: Documents; origins: Origin[]; faults: Fault[] } {
  const documents: Documents = {
    Gateway: [],
    Service: [],
    EndpointSlice: [],
    HTTPRoute: [],
    BackendTrafficPolicy: [],
    HTTPRoutePolicy: [],
  };
  const origins: Origin[] = [];
  const faults: Fault[] = [];
  for (const { name, text } of files) {
    const read = readYaml(name, text, variables);
    for (const fault of read.faults) faults.push(fault);
    for (const origin of read.origins) {
      origins.push(origin);
      for (const item of itemsOf(origin, origins)) {
        if (origins.length <= maxDocuments) readDocument(item, documents);
      }
    }
  }
  if (origins.length > maxDocuments) {
    faults.push({
      ...emptyFault,
      file: files[0]?.name ?? '',
      rule: `must not be more than ${maxDocuments} documents in all`,
    });
  }
  return { documents, origins, faults };
}

const emptyFault: Fault = {
  severity: 'error',
  file: '',
  document: 0,
  line: 0,
  column: 0,
  object: '',
  path: '',
  rule: '',
};

const scalarAt = (tree: Tree, ...steps: string[]): unknown => {
  const found = follow(tree, steps);
  return found?.kind === 'scalar' ? found.value : undefined;
};

/** The document itself, or the items of a `kind: List` (what `kubectl get -o yaml` writes). */
function itemsOf(origin: Origin, origins: Origin[]): Origin[] {
  if (scalarAt(origin.tree, 'kind') !== 'List' || scalarAt(origin.tree, 'apiVersion') !== 'v1') return [origin];
  const items = follow(origin.tree, ['items']);
  if (items?.kind !== 'list') {
    new Cursor(origin).fault(['items'], 'must be a list');
    return [];
  }
  return items.items.map((tree, index) => {
    const faults = takeFaults(origin, `items[${index}]`);
    const item: Origin = { file: origin.file, document: origin.document, object: '', tree, faults, unread: new Set() };
    origins.push(item);
    return item;
  });
}

/** Faults of variables were told by their path in the List; each item takes its own. */
function takeFaults(list: Origin, prefix: string): Fault[] {
  const own = list.faults.filter(({ path }) => path.startsWith(prefix));
  list.faults = list.faults.filter((fault) => !own.includes(fault));
  return own.map((fault) => ({ ...fault, path: fault.path.slice(prefix.length).replace(/^\./, '') }));
}

function readDocument(origin: Origin, documents: Documents): void {
  const at = new Cursor(origin);
  if (origin.tree.kind !== 'map') {
    at.fault([], 'must be a document with apiVersion, kind and metadata');
    return;
  }
  origin.object = objectName(origin.tree);
  // Those of variables, told while the document had no name yet.
  for (const fault of origin.faults) fault.object = origin.object;
  const kind = kindOf(at);
  if (kind === null) return;
  take(kind, at, documents);
}

/** `HTTPRoute/token`, as far as it can be told. */
function objectName(tree: Tree): string {
  const plain = (value: unknown) => typeof value === 'string' && /^[A-Za-z0-9.-]{1,253}$/.test(value);
  const kind = scalarAt(tree, 'kind');
  const name = scalarAt(tree, 'metadata', 'name');
  return plain(kind) ? `${kind}${plain(name) ? `/${name}` : ''}` : '';
}

function take<K extends Kind>(kind: K, at: Cursor, documents: Documents): void {
  const value = kinds[kind].shape.read(at);
  checkAnnotations(kind, value.metadata.annotations ?? {}, at);
  const faulty = at.origin.faults.some(({ severity }) => severity === 'error');
  documents[kind].push({ value, at, faulty });
}

function kindOf(at: Cursor): Kind | null {
  const { tree } = at.origin;
  const kind = scalarAt(tree, 'kind');
  const apiVersion = scalarAt(tree, 'apiVersion');
  if (typeof kind !== 'string' || typeof apiVersion !== 'string') {
    if (typeof apiVersion !== 'string') at.fault(['apiVersion'], 'is required: a text');
    if (typeof kind !== 'string') at.fault(['kind'], 'is required: a text');
    return null;
  }
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
  if (Object.hasOwn(passedOver, kind) && passedOver[kind] === group) {
    at.warn(['kind'], 'means nothing to the mesh and is passed over');
    return null;
  }
  if (!Object.hasOwn(kinds, kind)) {
    const known = Object.keys(kinds);
    at.fault(['kind'], `must be one of ${known.join(', ')}`, didYouMean(closest(kind, known)));
    return null;
  }
  const wanted = kinds[kind as Kind].apiVersion;
  if (apiVersion !== wanted) at.fault(['apiVersion'], `must be ${wanted} for kind ${kind}`);
  return kind as Kind;
}

function checkAnnotations(kind: Kind, annotations: Readonly<Record<string, string>>, at: Cursor): void {
  for (const name of Object.keys(annotations)) {
    if (!name.startsWith(ownAnnotationPrefix)) continue;
    if (name === weightAnnotation && kind === 'EndpointSlice') continue;
    const known = kind === 'EndpointSlice' ? [weightAnnotation] : [];
    at.fault(
      ['metadata', 'annotations', name],
      `is not an annotation that exists on ${kind}`,
      didYouMean(closest(name, known)),
    );
  }
}
