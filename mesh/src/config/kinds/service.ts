import { defaults } from '../defaults.ts';
import { hostOrAddress, labelName, oneOf, port, protocol, text, wholeNumber } from '../shapes/leaf-shapes.ts';
import { nested, object, optional, required, withDefault } from '../shapes/object-shape.ts';
import { list, ruled, type Shape } from '../shapes/shape.ts';
import { serviceMetadata } from './metadata.ts';

/** A number, or the name of a port of the pods; the mesh has no pods, so a name means the service port's own number. */
const targetPort: Shape<number | string> = {
  says: 'a port number, or the name of a port',
  fallback: 1,
  read: (at) => {
    at.reportVariableFaults();
    const isName = at.tree.kind === 'scalar' && typeof at.tree.value === 'string' && !at.tree.substituted;
    return isName ? labelName.read(at) : port.read(at);
  },
  write: (value) => value,
};

const servicePort = object(
  {
    name: optional('name', labelName, 'Required with more than one port; EndpointSlices refer to it.'),
    port: required('port', port, 'The port that backendRefs name.'),
    targetPort: optional('targetPort', targetPort, 'Where the endpoints listen; absent or a name = `port`.'),
    protocol: withDefault('protocol', protocol, 'TCP', 'No route can send to a port that is not TCP.'),
    appProtocol: optional(
      'appProtocol',
      text({ says: 'the name of a protocol' }),
      'No route can send to a port with an appProtocol other than `http` or `kubernetes.io/ws`.',
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
      'ExternalName: endpoints come from DNS. Otherwise from EndpointSlices and leases.',
    ),
    externalName: optional('externalName', hostOrAddress, 'Only with type ExternalName: resolved repeatedly.'),
    ports: withDefault('ports', list(servicePort, { max: 100 }), [], 'Absent: no route can send to the Service.'),
    sessionAffinity: withDefault(
      'sessionAffinity',
      oneOf(['None', 'ClientIP']),
      'None',
      'ClientIP: all requests of one client address go to one endpoint.',
    ),
    sessionAffinityConfig: nested(
      'sessionAffinityConfig',
      object({
        clientIP: nested(
          'clientIP',
          object({
            timeoutSeconds: withDefault(
              'timeoutSeconds',
              wholeNumber(1, 86_400, 'seconds'),
              defaults.clientIpAffinityS,
              'With ClientIP: after this time without a request, a client may get another endpoint.',
            ),
          }),
          'With sessionAffinity ClientIP.',
        ),
      }),
      'With sessionAffinity ClientIP.',
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

/** Why no route can send to this port of a Service, as "is …"; null if routes can. GEP-1911 defines the protocols. */
export function portFault(candidate: { protocol: string; appProtocol?: string }): string | null {
  const { protocol: transport, appProtocol = 'http' } = candidate;
  if (transport !== 'TCP') return `is ${transport}: the mesh speaks HTTP over TCP`;
  if (appProtocol === 'http' || appProtocol === 'kubernetes.io/ws') return null;
  return `has the appProtocol ${JSON.stringify(appProtocol)}: the mesh speaks HTTP/1.1 without TLS`;
}

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
      at.fault(['spec', 'externalName'], `must be absent with type ${type}: only ExternalName has one`);
    }
    for (const [index, { name, port: number, protocol: transport }] of ports.entries()) {
      if (ports.length > 1 && name === undefined) {
        at.fault(['spec', 'ports', index, 'name'], 'is required if a service has more than one port');
      }
      if (ports.findIndex((other) => other.port === number && other.protocol === transport) < index) {
        at.fault(['spec', 'ports', index, 'port'], 'must be unique');
      }
      if (name !== undefined && ports.findIndex((other) => other.name === name) < index) {
        at.fault(['spec', 'ports', index, 'name'], 'must be unique');
      }
    }
  },
);
