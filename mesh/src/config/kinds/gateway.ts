import { hostname, ipAddress, objectName, oneOf, text, wholeNumber } from '../leaf-shapes.ts';
import { object, optional, required, withDefault } from '../object-shape.ts';
import { list, ruled } from '../shape.ts';
import { metadata } from './metadata.ts';

const listener = object(
  {
    name: required('name', objectName, 'Unique in the Gateway; parentRefs name it as sectionName.'),
    hostname: optional('hostname', hostname, 'Only requests for these hosts; absent = all.'),
    port: required('port', wholeNumber(0, 65535), 'Where to listen; 0 = any free port.'),
    protocol: required('protocol', oneOf(['HTTP']), 'The mesh speaks HTTP/1.1 without TLS.'),
  },
  {
    ignored: ['allowedRoutes'],
    unsupported: { tls: 'the mesh speaks HTTP/1.1 without TLS; put a TLS terminator before it' },
  },
);

const address = object({
  type: withDefault('type', oneOf(['IPAddress']), 'IPAddress', 'Only IP addresses.'),
  value: required('value', ipAddress, 'An address of this machine.'),
});

const spec = object(
  {
    gatewayClassName: required(
      'gatewayClassName',
      text({ says: 'the name of a GatewayClass' }),
      'Any; the mesh serves all Gateways it is given.',
    ),
    listeners: required('listeners', list(listener, { min: 1, max: 64 }), 'Where requests come in.'),
    addresses: optional(
      'addresses',
      list(address, { max: 16 }),
      'Where to listen; absent = where the process is told to.',
    ),
  },
  {
    ignored: ['infrastructure', 'allowedListeners', 'defaultScope'],
    unsupported: { tls: 'the mesh speaks HTTP/1.1 without TLS; put a TLS terminator before it' },
  },
);

/** gateway.networking.k8s.io/v1 Gateway. */
export const gateway = ruled(
  object(
    { metadata: required('metadata', metadata, ''), spec: required('spec', spec, '') },
    { ignored: ['apiVersion', 'kind', 'status'] },
  ),
  ({ spec: { listeners } }, at) => {
    for (const [index, { name, port, hostname: host }] of listeners.entries()) {
      if (listeners.findIndex((other) => other.name === name) < index) {
        at.fault(['spec', 'listeners', index, 'name'], 'must not be there twice');
      }
      if (port !== 0 && listeners.findIndex((other) => other.port === port && other.hostname === host) < index) {
        at.fault(['spec', 'listeners', index, 'port'], 'must differ from the other listeners in port or hostname');
      }
    }
  },
);
