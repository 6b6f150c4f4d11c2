import type { Shape } from '../shapes/shape.ts';
import { backendTrafficPolicy } from './backend-traffic-policy.ts';
import { endpointSlice } from './endpoint-slice.ts';
import { gateway } from './gateway.ts';
import { httpRoute } from './http-route.ts';
import { httpRoutePolicy } from './http-route-policy.ts';
import { gatewayGroup } from './references.ts';
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

export const ownGroup = 'mesh.banyan.dev';
export const ownApiVersion = `${ownGroup}/v1alpha1`;
const gatewayApiVersion = `${gatewayGroup}/v1`;
/** The Gateway API serves these kinds under both versions, with the same fields. */
const gatewayBeta = [`${gatewayGroup}/v1beta1`];

interface KindDescription<K extends Kind> {
  apiVersion: string;
  /** Other versions that say the same. */
  sameAs: readonly string[];
  shape: Shape<DocumentTypes[K]>;
  doc: string;
}

export const kinds: { readonly [K in Kind]: KindDescription<K> } = {
  Gateway: {
    apiVersion: gatewayApiVersion,
    sameAs: gatewayBeta,
    shape: gateway,
    doc: 'Where requests from outside come in.',
  },
  Service: { apiVersion: 'v1', sameAs: [], shape: service, doc: 'A backend by name.' },
  EndpointSlice: {
    apiVersion: 'discovery.k8s.io/v1',
    sameAs: [],
    shape: endpointSlice,
    doc: 'Fixed endpoints of a Service.',
  },
  HTTPRoute: {
    apiVersion: gatewayApiVersion,
    sameAs: gatewayBeta,
    shape: httpRoute,
    doc: 'Which requests go where, and how.',
  },
  BackendTrafficPolicy: {
    apiVersion: ownApiVersion,
    sameAs: [],
    shape: backendTrafficPolicy,
    doc: 'How requests to a Service are balanced, retried, limited and watched.',
  },
  HTTPRoutePolicy: {
    apiVersion: ownApiVersion,
    sameAs: [],
    shape: httpRoutePolicy,
    doc: 'Limits and extras of an HTTPRoute.',
  },
};
