import { defaults } from '../defaults.ts';
import { serviceLabel, weightAnnotation } from '../kinds/metadata.ts';
import { portFault } from '../kinds/service.ts';
import type { StaticEndpoint } from '../model.ts';
import { byText } from '../order.ts';
import type { Documents, ReadDocument } from '../reading/documents.ts';

type ServiceDocument = Documents['Service'][number]['value'];
type SliceDocument = Documents['EndpointSlice'][number]['value'];
type SlicePort = SliceDocument['ports'][number];

/** The service port of a slice's port, or undefined. */
export function servicePortOf(service: ServiceDocument, name: string | undefined): number | undefined {
  const { ports } = service.spec;
  if (name === undefined || name === '') return ports.length === 1 ? ports[0]?.port : undefined;
  return ports.find((port) => port.name === name)?.port;
}

/** Whether the mesh can send to a port of a slice: the port is TCP and has a number. */
export function statesEndpoints(port: SlicePort): port is SlicePort & { port: number } {
  return port.port !== undefined && portFault(port) === null;
}

/**
 * The endpoints of a service in its slices, each once. While a cluster moves an endpoint from one slice to another,
 * both have it: the endpoint is ready if one of them says so, and gets the higher weight.
 */
export function endpointsOf(
  service: ServiceDocument,
  slices: readonly ReadDocument<'EndpointSlice'>[],
): StaticEndpoint[] {
  if (service.spec.type === 'ExternalName') return [];
  const found = new Map<string, StaticEndpoint>();
  for (const { value } of slices) {
    if (value.metadata.labels?.[serviceLabel] !== service.metadata.name) continue;
    for (const endpoint of endpointsOfSlice(service, value)) {
      const key = JSON.stringify([endpoint.servicePort, endpoint.address, endpoint.port]);
      const other = found.get(key);
      if (other !== undefined) {
        endpoint.ready ||= other.ready;
        endpoint.weight = Math.max(endpoint.weight, other.weight);
      }
      found.set(key, endpoint);
    }
  }
  return [...found.values()].sort(
    (a, b) => a.servicePort - b.servicePort || byText(a.address, b.address) || a.port - b.port,
  );
}

function endpointsOfSlice(service: ServiceDocument, slice: SliceDocument): StaticEndpoint[] {
  const weight = Number(slice.metadata.annotations?.[weightAnnotation] ?? defaults.endpointWeight);
  const endpoints: StaticEndpoint[] = [];
  for (const port of slice.ports) {
    const servicePort = servicePortOf(service, port.name);
    const usable = service.spec.ports.some((known) => known.port === servicePort && portFault(known) === null);
    if (servicePort === undefined || !usable || !statesEndpoints(port)) continue;
    for (const { addresses, conditions } of slice.endpoints) {
      const ready = conditions.ready !== false && conditions.terminating !== true;
      for (const address of addresses) {
        endpoints.push({
          servicePort,
          address: address.toLowerCase(),
          addressType: slice.addressType,
          port: port.port,
          weight,
          ready,
        });
      }
    }
  }
  return endpoints;
}
