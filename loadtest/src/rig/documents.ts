/**
 * The mesh's documents for one made-up service, as text: the load tests speak the mesh's own language and import
 * nothing of it.
 */
export interface ServiceDocuments {
  name: string;
  ports: readonly number[];
  /** `spec` of its BackendTrafficPolicy; absent: every default. */
  policy?: object;
}

export interface RouteDocument {
  name: string;
  service: string;
  /** North-south through the edge, or east-west by the service's own name. */
  side: 'edge' | 'internal';
  timeouts?: { request?: string; backendRequest?: string };
  retry?: { codes?: readonly number[]; attempts?: number; backoff?: string };
  filters?: object[];
}

/** Makes the documents once `startMesh` knows the port of the edge. */
export type Documents = (edgePort: number) => string;

/** JSON is YAML: documents are written as one JSON object each. */
export function documentsOf(
  services: readonly ServiceDocuments[],
  routes: readonly RouteDocument[],
  edgePort: number,
): string {
  const documents: object[] = [
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'Gateway',
      metadata: { name: 'edge' },
      spec: { gatewayClassName: 'banyan', listeners: [{ name: 'http', protocol: 'HTTP', port: edgePort }] },
    },
    ...services.flatMap(serviceDocuments),
    ...routes.map(routeDocument),
  ];
  return documents.map((document) => JSON.stringify(document)).join('\n---\n');
}

function serviceDocuments({ name, ports, policy }: ServiceDocuments): object[] {
  return [
    { apiVersion: 'v1', kind: 'Service', metadata: { name }, spec: { ports: [{ name: 'http', port: 80 }] } },
    ...ports.map((port, index) => ({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: `${name}-${index}`, labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv4',
      endpoints: [{ addresses: ['127.0.0.1'] }],
      ports: [{ name: 'http', port }],
    })),
    ...(policy === undefined
      ? []
      : [
          {
            apiVersion: 'mesh.banyan.dev/v1alpha1',
            kind: 'BackendTrafficPolicy',
            metadata: { name },
            spec: { targetRefs: [{ group: '', kind: 'Service', name }], ...policy },
          },
        ]),
  ];
}

function routeDocument({ name, service, side, timeouts, retry, filters }: RouteDocument): object {
  const parent = side === 'edge' ? { name: 'edge' } : { group: '', kind: 'Service', name: service, port: 80 };
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name },
    spec: {
      parentRefs: [parent],
      rules: [
        {
          backendRefs: [{ name: service, port: 80 }],
          ...(timeouts === undefined ? {} : { timeouts }),
          ...(retry === undefined ? {} : { retry }),
          ...(filters === undefined ? {} : { filters }),
        },
      ],
    },
  };
}
