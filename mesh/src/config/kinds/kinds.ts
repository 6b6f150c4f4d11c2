import type { Shape } from '../shape.ts';
import { backendTrafficPolicy } from './backend-traffic-policy.ts';
import { endpointSlice } from './endpoint-slice.ts';
import { gateway } from './gateway.ts';
import { httpRoute } from './http-route.ts';
import { httpRoutePolicy } from './http-route-policy.ts';
import { service } from './service.ts';

/** The kinds of documents that the mesh reads. */
export interface DocumentTypes {
  Gateway: ReturnType<typeof gateway.read>;
  Service: ReturnType<typeof service.read>;
  EndpointSlice: ReturnType<typeof endpointSlice.read>;
  HTTPRoute: ReturnType<typeof httpRoute.read>;
  BackendTrafficPolicy: ReturnType<typeof backendTrafficPolicy.read>;
  HTTPRoutePolicy: ReturnType<typeof httpRoutePolicy.read>;
}

export type Kind = keyof DocumentTypes;

export const ownApiVersion = 'mesh.banyan.dev/v1alpha1';

export const kinds: { readonly [K in Kind]: { apiVersion: string; shape: Shape<DocumentTypes[K]>; doc: string } } = {
  Gateway: { apiVersion: 'gateway.networking.k8s.io/v1', shape: gateway, doc: 'Where requests from outside come in.' },
  Service: { apiVersion: 'v1', shape: service, doc: 'A backend by name.' },
  EndpointSlice: { apiVersion: 'discovery.k8s.io/v1', shape: endpointSlice, doc: 'Fixed endpoints of a Service.' },
  HTTPRoute: { apiVersion: 'gateway.networking.k8s.io/v1', shape: httpRoute, doc: 'Which requests go where, and how.' },
  BackendTrafficPolicy: {
    apiVersion: ownApiVersion,
    shape: backendTrafficPolicy,
    doc: 'How requests to a Service are balanced, retried, limited and watched.',
  },
  HTTPRoutePolicy: { apiVersion: ownApiVersion, shape: httpRoutePolicy, doc: 'Limits and extras of an HTTPRoute.' },
};

/** Kinds that stand beside ours in documents for a cluster and mean nothing here, by apiVersion group. */
export const passedOver: Readonly<Record<string, string>> = {
  GatewayClass: 'gateway.networking.k8s.io',
  ReferenceGrant: 'gateway.networking.k8s.io',
  Namespace: '',
};
