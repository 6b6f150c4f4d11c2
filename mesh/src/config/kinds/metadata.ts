import { labelName, objectName, text } from '../shapes/leaf-shapes.ts';
import { object, optional, required } from '../shapes/object-shape.ts';
import { ownTexts } from '../shapes/text-map.ts';

/** Fields that the API server adds; documents from a cluster have them. */
const fromCluster = [
  'uid',
  'resourceVersion',
  'generation',
  'managedFields',
  'ownerReferences',
  'finalizers',
  'generateName',
  'selfLink',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
];

const timestamp = text({
  says: 'a time such as 2026-01-31T12:00:00Z',
  fault: (value) =>
    /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/.test(value) && !Number.isNaN(Date.parse(value))
      ? null
      : '',
});

/** Annotations with this prefix are the mesh's own: unknown ones are faults, like unknown fields. */
export const ownAnnotationPrefix = 'mesh.banyan.dev/';
export const weightAnnotation = 'mesh.banyan.dev/weight';
/** The label that ties an EndpointSlice to its Service, as in Kubernetes. */
export const serviceLabel = 'kubernetes.io/service-name';

const common = {
  namespace: optional('namespace', labelName, 'The same in all documents, or absent.'),
  labels: optional(
    'labels',
    ownTexts((name) => name === serviceLabel),
    '`targetSelectors` of policies select by them; `kubernetes.io/service-name` ties an EndpointSlice to its Service.',
  ),
  annotations: optional(
    'annotations',
    ownTexts((name) => name.startsWith(ownAnnotationPrefix)),
    'Only those of `mesh.banyan.dev/` have a meaning here.',
  ),
  creationTimestamp: optional('creationTimestamp', timestamp, 'Of two equally specific routes the older one wins.'),
};

/** Metadata of an object whose name is a DNS subdomain. */
export const metadata = object(
  { name: required('name', objectName, 'Unique among the documents of this kind.'), ...common },
  { ignored: fromCluster },
);

/** Metadata of a Service: its name is one DNS label, because Host carries it. */
export const serviceMetadata = object(
  { name: required('name', labelName, 'Unique among the documents of this kind.'), ...common },
  { ignored: fromCluster },
);
