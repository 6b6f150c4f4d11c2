import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { MeshConfig } from '../model.ts';
import { parseConfig } from '../parse.ts';
import { diffConfigs } from './diff.ts';
import { serialize, serializeRedacted } from './serialize.ts';

const documents = `
apiVersion: v1
kind: Service
metadata: { name: monolith }
spec: { type: ExternalName, externalName: monolith, ports: [{ port: 3000 }] }
---
apiVersion: v1
kind: Service
metadata: { name: auth }
spec: { type: ExternalName, externalName: auth, ports: [{ port: 3101 }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: token }
spec:
  parentRefs: [{ group: "", kind: Service, name: monolith }]
  rules:
    - name: issue
      matches: [{ path: { type: Exact, value: /oauth/access_token } }]
      timeouts: { request: 10s }
      filters:
        - type: RequestHeaderModifier
          requestHeaderModifier: { set: [{ name: Authorization, value: "Basic c2VjcmV0" }, { name: x-trace, value: visible }] }
      backendRefs: [{ name: monolith, port: 3000, weight: 100 }, { name: auth, port: 3101, weight: 0 }]
`;

function config(change: (text: string) => string = (text) => text): MeshConfig {
  const result = parseConfig([{ name: 'x.yaml', text: change(documents) }], {});
  assert.ok(result.ok);
  return result.config;
}

describe('the difference of two configurations', () => {
  test('is empty if nothing changed', () => assert.deepEqual(diffConfigs(config(), config()), []));

  test('lists weights by the names of the backends', () => {
    const after = config((text) =>
      text.replace('weight: 100', 'weight: 0').replace('3101, weight: 0', '3101, weight: 100'),
    );
    assert.deepEqual(diffConfigs(config(), after), ['route token: weights monolith 100->0, auth 0->100']);
  });

  test('lists other values by their key path', () => {
    const after = config((text) => text.replace('request: 10s', 'request: 5s').replace('weight: 0', 'weight: 5'));
    assert.deepEqual(diffConfigs(config(), after), [
      'route token: weights auth 0->5, rules[0].timeouts.requestMs 10000->5000',
    ]);
  });

  test('lists added and removed objects', () => {
    const after = config((text) => text.replaceAll('name: auth', 'name: login'));
    assert.deepEqual(diffConfigs(config(), after), [
      'service auth: removed',
      'service login: added',
      'route token: rules[0].backendRefs[1].service "auth"->"login"',
    ]);
  });

  test('never shows the value of a header', () => {
    const after = config((text) => text.replace('c2VjcmV0', 'b3RoZXI='));
    assert.deepEqual(diffConfigs(config(), after), ['route token: rules[0].filters[0].modifier.set[0].value changed']);
  });

  test('is cut if it is long', () => {
    const policy =
      '---\napiVersion: mesh.banyan.dev/v1alpha1\nkind: BackendTrafficPolicy\nmetadata: {name: p}\nspec: {targetRefs: [{kind: Service, name: auth}], limits: {maxInFlight: 1, maxQueued: 1, queueTimeout: 1ms, maxConnections: 1, retryAfter: 2s}, retryBudget: {percent: 1, minRetriesPerSecond: 1, ttl: 1s}, timeouts: {connect: 1ms, idle: 1ms, keepAlive: 1ms}, discovery: {dnsTtl: 1s, drain: 1s, lease: {}}}';
    const [line = ''] = diffConfigs(
      config(),
      config((text) => text + policy),
    );
    assert.match(line, /^service auth: .*, and 2 more$/);
  });
});

describe('showing a configuration', () => {
  test('hides header values that may be secrets, and no others', () => {
    const shown = serializeRedacted(config());
    assert.doesNotMatch(shown, /c2VjcmV0/);
    assert.match(shown, /\[redacted\]/);
    assert.match(shown, /visible/);
    assert.match(serialize(config()), /c2VjcmV0/);
  });
});
