import { type ControlCode, ControlError } from '../control/control-error.ts';
import { endpointId } from '../discovery/endpoint.ts';
import { leaseAddressFault } from '../discovery/lease-address.ts';
import type { Lease, LeaseRefusal, LeaseRequest, Leases } from '../discovery/leases.ts';
import { plainAddress } from '../policy/client.ts';
import type { Operation } from './server.ts';

/** Where instances register themselves. @param nowMs monotonic */
export function leaseOperations(leases: Leases, nowMs: () => number): Operation[] {
  const shown = (lease: Lease) => ({
    service: lease.service,
    id: lease.id,
    endpoint: endpointId(lease.host, lease.port),
    servicePort: lease.servicePort,
    weight: lease.weight,
    ttlMs: lease.ttlMs,
    expiresInMs: Math.max(0, Math.round(lease.expiresAtMs - nowMs())),
  });
  return [
    {
      methods: ['GET'],
      path: '/leases',
      right: 'read',
      summary: 'Instances that registered themselves, and how long each lease lasts without a renewal.',
      handle: () => ({ json: { leases: leases.list().map(shown) } }),
    },
    {
      methods: ['PUT'],
      path: '/leases/:service/:id',
      right: 'lease',
      summary:
        'An instance registers itself, or renews: {"port":8080,"address":"…","weight":1,"ttlMs":15000,"servicePort":80}; all but the port may be left out.',
      handle: ({ params, body, peer }) => {
        const given = leases.put(leaseRequest(params, body, plainAddress(peer)));
        if (typeof given !== 'string') return { json: shown(given) };
        throw refusal(given, params.service ?? '');
      },
    },
    {
      methods: ['DELETE'],
      path: '/leases/:service/:id',
      right: 'lease',
      summary: 'An instance leaves: requests under way there end, and it gets no new ones.',
      handle: ({ params }) => ({ json: { removed: leases.remove(params.service ?? '', params.id ?? '') } }),
    },
  ];
}

const refusals: Readonly<Record<LeaseRefusal, { code: ControlCode; says: (service: string) => string }>> = {
  unknown_service: { code: 'unknown_service', says: (service) => `there is no service "${service}"` },
  no_leases: {
    code: 'invalid',
    says: (service) => `service "${service}" takes no leases: its BackendTrafficPolicy must have discovery.lease`,
  },
  unknown_port: { code: 'invalid', says: (service) => `"servicePort" must be a port of the service "${service}"` },
  full: { code: 'full', says: (service) => `service "${service}" has as many leases as its discovery.lease allows` },
};

function refusal(why: LeaseRefusal, service: string): ControlError {
  const { code, says } = refusals[why];
  return new ControlError(code, [says(service)]);
}

const fields = ['address', 'port', 'weight', 'ttlMs', 'servicePort'];

/** @throws ControlError invalid, with every fault */
function leaseRequest(params: Record<string, string>, body: unknown, peer: string): LeaseRequest {
  const isObject = typeof body === 'object' && body !== null && !Array.isArray(body);
  if (!isObject) throw new ControlError('invalid', ['an object is sent, as in {"port":8080}']);
  const given = body as Record<string, unknown>;
  const faults = Object.keys(given)
    .filter((name) => !fields.includes(name))
    .map((name) => `"${name.slice(0, 64)}" is not known: there are ${fields.join(', ')}`);
  const whole = <D extends number | null>(name: string, fallback: D, min: number, max: number) => {
    const value = given[name] ?? fallback;
    if (value === null) return fallback;
    if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max) return value as number;
    faults.push(`"${name}" must be a whole number from ${min} to ${max}`);
    return fallback;
  };
  const id = params.id ?? '';
  if (!/^[\w.:-]{1,128}$/.test(id)) faults.push('the id must be 1 to 128 letters, digits, and . _ : -');
  if (given.port === undefined) faults.push('"port" is missing');
  // Default: the address that the instance calls from.
  const address = given.address ?? peer;
  const addressFault = typeof address === 'string' ? leaseAddressFault(address, peer) : 'must be text';
  if (addressFault !== null) faults.push(`"address" ${addressFault}`);
  const request: LeaseRequest = {
    service: params.service ?? '',
    id,
    address: String(address),
    port: whole('port', 1, 1, 65_535),
    weight: whole('weight', 1, 1, 1000),
    servicePort: whole('servicePort', null, 1, 65_535),
    ttlMs: whole('ttlMs', null, 1000, 3_600_000),
  };
  if (faults.length > 0) throw new ControlError('invalid', faults);
  return request;
}
