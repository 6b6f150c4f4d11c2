/** Documents of a resource `brands` that moves from `old` to `new`, for a mesh in a process of its own. */
export interface Moving {
  edgePort: number;
  old: number;
  new: number;
  /** YAML of the HTTPRoutePolicy's spec, without its targets: one line. */
  policy?: string;
  /** A service `migrator` at this port. */
  migrator?: number;
  /** YAML of the rules' other fields, such as `timeouts`: one line each. */
  rule?: string;
}

const external = (name: string, port: number) => `
---
apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec: { type: ExternalName, externalName: 127.0.0.1, ports: [{ port: 80, targetPort: ${port} }] }
`;

export function movingDocuments({ edgePort, old, new: next, policy, migrator, rule = '' }: Moving): string {
  const backends = 'backendRefs: [{ name: old, port: 80, weight: 100 }, { name: new, port: 80, weight: 0 }]';
  return `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge }
spec:
  gatewayClassName: banyan
  listeners: [{ name: http, port: ${edgePort}, protocol: HTTP }]
${external('old', old)}
${external('new', next)}
${migrator === undefined ? '' : external('migrator', migrator)}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: brands }
spec:
  parentRefs: [{ name: edge }]
  rules:
    - name: reads
      matches: [{ method: GET }, { method: HEAD }]
      ${backends}
      ${rule}
    - name: writes
      ${backends}
      ${rule}
${
  policy === undefined
    ? ''
    : `
---
apiVersion: mesh.banyan.dev/v1alpha1
kind: HTTPRoutePolicy
metadata: { name: brands }
spec: { targetRefs: [{ kind: HTTPRoute, name: brands }], ${policy} }
`
}`;
}
