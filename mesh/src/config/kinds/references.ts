import type { ReferenceTarget } from '../model.ts';
import { labelName, objectName, oneOf, port, text } from '../shapes/leaf-shapes.ts';
import { object, optional, required, withDefault } from '../shapes/object-shape.ts';
import type { Shape } from '../shapes/shape.ts';
import type { Cursor } from '../tree/cursor.ts';
import type { Step } from '../tree/tree.ts';

const group: Shape<string> = text({
  says: 'an API group, or "" for the core group',
  fault: (value) => (value === '' || /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(value) ? null : ''),
});

const kind: Shape<string> = text({
  says: 'a kind such as Service',
  max: 63,
  fault: (value) => (/^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$/.test(value) ? null : ''),
});

/** A reference to a port of a Service. A reference to another kind is unresolved. */
export const backendObject = {
  group: withDefault('group', group, '', 'Core group.'),
  kind: withDefault('kind', kind, 'Service', 'Only Services are backends.'),
  name: required('name', objectName, 'Name of a Service among the documents.'),
  namespace: optional('namespace', labelName, 'Absent, or the namespace of all documents.'),
  port: optional('port', port, 'A port of that Service; required with kind Service.'),
};

/** A port of a Service among the documents: the only reference that the mesh's own policies can make. */
export const ownService = {
  group: withDefault('group', oneOf(['']), '', 'Core group.'),
  kind: withDefault('kind', oneOf(['Service']), 'Service', 'Only Services are backends.'),
  name: required('name', labelName, 'Name of a Service among the documents.'),
  port: required('port', port, 'A port of that Service.'),
};

/** The Gateway API's rule for backend references: a Service is named with its port. */
export function checkBackendPort(
  ref: { group: string; kind: string; port?: number | undefined },
  at: Cursor,
  steps: readonly Step[],
): void {
  if (ref.group === '' && ref.kind === 'Service' && ref.port === undefined) {
    at.fault([...steps, 'port'], `is required: ${port.says}`);
  }
}

/** The group, kind and namespace of a backend reference; empty if it names a Service in the mesh's namespace. */
export function targetOf(ref: {
  group: string;
  kind: string;
  namespace?: string;
}): { target: ReferenceTarget } | Record<string, never> {
  const { group: statedGroup, kind: statedKind, namespace } = ref;
  if (statedGroup === '' && statedKind === 'Service' && namespace === undefined) return {};
  return { target: { group: statedGroup, kind: statedKind, ...(namespace === undefined ? {} : { namespace }) } };
}

export const gatewayGroup = 'gateway.networking.k8s.io';

export const parentReference = object({
  group: optional('group', group, 'Follows from `kind`.'),
  kind: withDefault('kind', kind, 'Gateway', 'Gateway: from outside. Service: between services.'),
  name: required('name', objectName, 'Name of a Gateway or Service among the documents.'),
  namespace: optional('namespace', labelName, 'Absent, or the namespace of all documents.'),
  sectionName: optional(
    'sectionName',
    objectName,
    'One listener of the Gateway, or one port of the Service, by name; absent = all.',
  ),
  port: optional('port', port, 'Only the listener or service port of this number.'),
});
