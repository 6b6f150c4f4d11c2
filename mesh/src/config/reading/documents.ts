import { closest } from '../closest.ts';
import { didYouMean, type Fault } from '../fault.ts';
import { type DocumentTypes, type Kind, kinds } from '../kinds/kinds.ts';
import { ownAnnotationPrefix, weightAnnotation } from '../kinds/metadata.ts';
import { Cursor, type Origin } from '../tree/cursor.ts';
import type { Tree } from '../tree/tree.ts';
import type { SourceFile } from './files.ts';
import { kindOf } from './kind-of.ts';
import { itemsOf, textAt } from './list-items.ts';
import type { Variables } from './substitute.ts';
import { readYaml } from './yaml-tree.ts';

/** A document that has been read. In a faulty one, stand-ins replace the values that could not be read. */
export interface ReadDocument<K extends Kind> {
  value: DocumentTypes[K];
  /** At the root of the document, to report further faults. */
  at: Cursor;
  faulty: boolean;
}

/** All documents of a configuration, by kind, in the order of reading. */
export type Documents = { [K in Kind]: ReadDocument<K>[] };

/** Documents of one configuration. */
const maxDocuments = 10_000;

/** Reads every document in `files` by its kind. Later steps report their faults at the same `origins`. */
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

function readDocument(origin: Origin, documents: Documents): void {
  const at = new Cursor(origin);
  if (origin.tree.kind !== 'map') {
    at.fault([], 'must be a document with apiVersion, kind and metadata');
    return;
  }
  origin.object = objectName(origin.tree);
  // Faults of keys were reported before the document had a name.
  for (const fault of origin.faults) fault.object = origin.object;
  const kind = kindOf(at);
  if (kind === null) return;
  take(kind, at, documents);
}

/** `HTTPRoute/token`, as far as kind and name are known. */
function objectName(tree: Tree): string {
  const plain = (value: unknown) => typeof value === 'string' && /^[A-Za-z0-9.-]{1,253}$/.test(value);
  const kind = textAt(tree, 'kind');
  const name = textAt(tree, 'metadata', 'name');
  return plain(kind) ? `${kind}${plain(name) ? `/${name}` : ''}` : '';
}

function take<K extends Kind>(kind: K, at: Cursor, documents: Documents): void {
  const value = kinds[kind].shape.read(at);
  checkAnnotations(kind, value.metadata.annotations ?? {}, at);
  const faulty = at.origin.faults.some(({ severity }) => severity === 'error');
  documents[kind].push({ value, at, faulty });
}

function checkAnnotations(kind: Kind, annotations: Readonly<Record<string, string>>, at: Cursor): void {
  for (const name of Object.keys(annotations)) {
    if (!name.startsWith(ownAnnotationPrefix)) continue;
    if (name === weightAnnotation && kind === 'EndpointSlice') continue;
    const known = kind === 'EndpointSlice' ? [weightAnnotation] : [];
    at.fault(
      ['metadata', 'annotations', name],
      `is not a known annotation of ${kind}`,
      didYouMean(closest(name, known)),
    );
  }
}
