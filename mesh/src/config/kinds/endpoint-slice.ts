import { isIPv4, isIPv6 } from 'node:net';
import { flag, hostOrAddress, oneOf, port, protocol, text } from '../shapes/leaf-shapes.ts';
import { nested, object, optional, required, withDefault } from '../shapes/object-shape.ts';
import { list, ruled } from '../shapes/shape.ts';
import { metadata, serviceLabel, weightAnnotation } from './metadata.ts';

const conditions = object(
  {
    ready: optional('ready', flag, 'Absent = true. False: gets no new requests.'),
    terminating: optional('terminating', flag, 'True: gets no new requests and finishes its current ones.'),
  },
  { ignored: ['serving'] },
);

const endpoint = object(
  {
    addresses: required('addresses', list(hostOrAddress, { min: 1, max: 100 }), 'Each is one endpoint.'),
    conditions: nested('conditions', conditions, 'Whether the endpoint gets requests.'),
  },
  { ignored: ['hostname', 'nodeName', 'targetRef', 'hints', 'deprecatedTopology', 'zone'] },
);

const slicePort = object(
  {
    name: optional(
      'name',
      text({ says: 'the name of a port of the Service', max: 63 }),
      'Which port of the Service; absent = its only one.',
    ),
    port: optional('port', port, 'Where the endpoints listen; a port without a number is ignored.'),
    protocol: withDefault('protocol', protocol, 'TCP', 'Ports that are not TCP are ignored.'),
  },
  { ignored: ['appProtocol'] },
);

/** discovery.k8s.io/v1 EndpointSlice. The weight of its endpoints is the annotation `mesh.banyan.dev/weight`. */
export const endpointSlice = ruled(
  object(
    {
      metadata: required('metadata', metadata, ''),
      addressType: required('addressType', oneOf(['IPv4', 'IPv6', 'FQDN']), 'Type of all addresses in the slice.'),
      endpoints: withDefault('endpoints', list(endpoint, { max: 1000 }), [], 'Absent = none.'),
      ports: withDefault('ports', list(slicePort, { max: 100 }), [], 'Each endpoint serves all of them.'),
    },
    { ignored: ['apiVersion', 'kind'] },
  ),
  ({ metadata: { labels, annotations }, addressType, endpoints }, at) => {
    if (labels?.[serviceLabel] === undefined) {
      at.unresolved(['metadata', 'labels', serviceLabel], 'is absent: these endpoints belong to no Service');
    }
    const weight = annotations?.[weightAnnotation];
    if (weight !== undefined && !/^([1-9][0-9]{0,2}|1000)$/.test(weight)) {
      at.fault(['metadata', 'annotations', weightAnnotation], 'must be a whole number in quotes, "1" to "1000"');
    }
    for (const [index, { addresses }] of endpoints.entries()) {
      for (const [place, address] of addresses.entries()) {
        const fits = { IPv4: isIPv4(address), IPv6: isIPv6(address), FQDN: !isIPv4(address) && !isIPv6(address) };
        if (!fits[addressType])
          at.fault(['endpoints', index, 'addresses', place], `must be of addressType ${addressType}`);
      }
    }
  },
);
