import { hostOrAddress, labelName, oneOf, port, text } from '../leaf-shapes.ts';
import { object, optional, required, withDefault } from '../object-shape.ts';
import { list, ruled, type Shape } from '../shape.ts';
import { serviceMetadata } from './metadata.ts';

/** A number, or the name of a port of the pods; the mesh has no pods, so a name means the service port's own number. */
const targetPort: Shape<number | string> = {
  says: 'a port number, or the name of a port',
  fallback: 1,
  read: (at) => {
    const isName = at.tree.kind === 'scalar' && typeof at.tree.value === 'string' && !at.tree.substituted;
    return isName ? labelName.read(at) : port.read(at);
  },
  write: (value) => value,
};

const servicePort = object(
  {
    name: optional('name', labelName, 'Needed with more than one port; EndpointSlices refer to it.'),
    port: required('port', port, 'What backendRefs name.'),
    targetPort: optional('targetPort', targetPort, 'Where the endpoints listen; absent or a name = `port`.'),
    protocol: withDefault('protocol', oneOf(['TCP']), 'TCP', 'The mesh speaks HTTP over TCP.'),
    appProtocol: optional(
      'appProtocol',
      text({
        says: '"http"',
        fault: (value) =>
          /^(http|kubernetes\.io\/ws)$/.test(value) ? null : 'must be "http": the mesh speaks HTTP/1.1',
      }),
      'Not used by the mesh.',
    ),
  },
  { ignored: ['nodePort'] },
);

const spec = object(
  {
    type: withDefault(
      'type',
      oneOf(['ClusterIP', 'ExternalName', 'NodePort', 'LoadBalancer']),
      'ClusterIP',
      'ExternalName: endpoints come from DNS. Else from EndpointSlices and leases.',
    ),
    externalName: optional('externalName', hostOrAddress, 'Only with type ExternalName: resolved again and again.'),
    ports: required('ports', list(servicePort, { min: 1, max: 100 }), 'At least one.'),
    sessionAffinity: withDefault(
      'sessionAffinity',
      oneOf(['None', 'ClientIP']),
      'None',
      'ClientIP: a client sticks to an endpoint.',
    ),
  },
  {
    ignored: [
      'selector',
      'clusterIP',
      'clusterIPs',
      'ipFamilies',
      'ipFamilyPolicy',
      'internalTrafficPolicy',
      'externalTrafficPolicy',
      'publishNotReadyAddresses',
      'sessionAffinityConfig',
      'trafficDistribution',
      'allocateLoadBalancerNodePorts',
      'loadBalancerClass',
      'loadBalancerIP',
      'loadBalancerSourceRanges',
      'healthCheckNodePort',
      'externalIPs',
    ],
  },
);

/** v1 Service. */
export const service = ruled(
  object(
    { metadata: required('metadata', serviceMetadata, ''), spec: required('spec', spec, '') },
    { ignored: ['apiVersion', 'kind', 'status'] },
  ),
  ({ spec: { type, externalName, ports } }, at) => {
    if (type === 'ExternalName' && externalName === undefined) {
      at.fault(['spec', 'externalName'], 'is required with type ExternalName');
    }
    if (type !== 'ExternalName' && externalName !== undefined) {
      at.fault(['spec', 'externalName'], `must not be there with type ${type}: only with ExternalName`);
    }
    for (const [index, { name, port: number }] of ports.entries()) {
      if (ports.length > 1 && name === undefined) {
        at.fault(['spec', 'ports', index, 'name'], 'is required where a service has more than one port');
      }
      if (ports.findIndex((other) => other.port === number) < index) {
        at.fault(['spec', 'ports', index, 'port'], 'must not be there twice');
      }
      if (name !== undefined && ports.findIndex((other) => other.name === name) < index) {
        at.fault(['spec', 'ports', index, 'name'], 'must not be there twice');
      }
    }
  },
);
