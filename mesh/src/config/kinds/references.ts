import { labelName, objectName, oneOf, port, text } from '../leaf-shapes.ts';
import { object, optional, required, withDefault } from '../object-shape.ts';
import type { Shape } from '../shape.ts';

const noGroup = text({
  says: '"" (the core group)',
  fault: (value) => (value === '' ? null : 'must be "": backends are Services of the core group'),
});

const serviceOnly: Shape<'Service'> = oneOf(['Service']);

/** Names a port of a Service. */
export const backendObject = {
  group: withDefault('group', noGroup, '', 'Core group.'),
  kind: withDefault('kind', serviceOnly, 'Service', 'Only Services are backends.'),
  name: required('name', labelName, 'Name of a Service among the documents.'),
  namespace: optional('namespace', labelName, 'The same as everywhere, or absent.'),
  port: required('port', port, 'A port of that Service.'),
};

export const gatewayGroup = 'gateway.networking.k8s.io';

export const parentReference = object({
  group: optional('group', text({ says: `"${gatewayGroup}" for a Gateway, "" for a Service` }), 'Follows from `kind`.'),
  kind: withDefault(
    'kind',
    oneOf(['Gateway', 'Service']),
    'Gateway',
    'Gateway: from outside. Service: between services.',
  ),
  name: required('name', objectName, 'Name of a Gateway or Service among the documents.'),
  namespace: optional('namespace', labelName, 'The same as everywhere, or absent.'),
  sectionName: optional('sectionName', objectName, 'One listener of the Gateway; absent = all of them.'),
  port: optional('port', port, 'Only the listener or service port of this number.'),
});

/** Names what a policy is for. */
export function targetReference(group: string, kind: 'Service' | 'HTTPRoute') {
  return object({
    group: withDefault(
      'group',
      text({ says: JSON.stringify(group), fault: (value) => (value === group ? null : '') }),
      group,
      `Group of ${kind}.`,
    ),
    kind: required('kind', oneOf([kind]), `Only ${kind}.`),
    name: required('name', objectName, `Name of ${kind === 'Service' ? 'a' : 'an'} ${kind} among the documents.`),
    namespace: optional('namespace', labelName, 'The same as everywhere, or absent.'),
  });
}
