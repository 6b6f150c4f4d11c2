import { hostname, ipAddress, objectName, oneOf, text, wholeNumber } from '../shapes/leaf-shapes.ts';
import { object, optional, required, withDefault } from '../shapes/object-shape.ts';
import { list, ruled } from '../shapes/shape.ts';
import type { Cursor } from '../tree/cursor.ts';
import { follow } from '../tree/tree.ts';
import { metadata } from './metadata.ts';

const listener = object(
  {
    name: required('name', objectName, 'Unique in the Gateway; parentRefs name it as sectionName.'),
    hostname: optional('hostname', hostname, 'Only requests for these hosts; absent = all.'),
    port: required('port', wholeNumber(0, 65535), 'Port to listen on; 0 = any free port.'),
    protocol: required(
      'protocol',
      text({ says: 'a protocol', fault: (value) => (/^[A-Za-z][A-Za-z0-9./-]*$/.test(value) ? null : '') }),
      'The mesh listens for HTTP only; listeners of other protocols are left out.',
    ),
  },
  { ignored: ['allowedRoutes', 'tls'] },
);

const address = object({
  type: withDefault('type', oneOf(['IPAddress']), 'IPAddress', 'Only IP addresses.'),
  value: optional('value', ipAddress, 'An address of this machine; an address without a value is ignored.'),
});

const spec = object(
  {
    gatewayClassName: required(
      'gatewayClassName',
      text({ says: 'the name of a GatewayClass' }),
      'Any name; the mesh serves all Gateways among its documents.',
    ),
    listeners: required('listeners', list(listener, { min: 1, max: 64 }), 'Where requests come in.'),
    addresses: optional(
      'addresses',
      list(address, { max: 16 }),
      'Addresses to listen on; absent = the address in HOST.',
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
  checkSpec,
);

/** Whether the mesh opens this listener. */
export const isServed = ({ protocol }: { protocol: string }): boolean => protocol === 'HTTP';

function checkSpec({ spec: { listeners, addresses = [] } }: { spec: ReturnType<typeof spec.read> }, at: Cursor): void {
  for (const [index, { name, port, protocol, hostname: host }] of listeners.entries()) {
    const steps = ['spec', 'listeners', index];
    if (isServed({ protocol }) && follow(at.tree, [...steps, 'tls']) !== undefined) {
      at.fault([...steps, 'tls'], 'must be absent with protocol HTTP');
    }
    if (listeners.findIndex((other) => other.name === name) < index) {
      at.fault([...steps, 'name'], 'must be unique');
    }
    const same = (other: (typeof listeners)[number]) =>
      other.port === port && other.protocol === protocol && other.hostname === host;
    if (port !== 0 && listeners.findIndex(same) < index) {
      at.fault([...steps, 'port'], 'must differ from the other listeners in port, protocol or hostname');
    }
    if (!isServed({ protocol }) && !at.hasFault([...steps, 'protocol'])) {
      at.warn(
        [...steps, 'protocol'],
        'is not a protocol of the mesh: this listener is left out (put a TLS terminator before the mesh)',
      );
    }
  }
  for (const [index, { value }] of addresses.entries()) {
    if (value !== undefined) continue;
    at.warn(
      ['spec', 'addresses', index],
      'has no value and is ignored: without any address, the mesh listens on the address in HOST',
    );
  }
}
