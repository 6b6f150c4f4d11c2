import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { Gateway, HTTPRoute } from '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1';
import { HTTPRoute as BetaHTTPRoute } from '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1beta1';
import { parseAllDocuments } from 'yaml';
import { formatFault } from './fault.ts';
import { loadConfig } from './parse.ts';
import { substitute } from './reading/substitute.ts';
import { serialize } from './writing/serialize.ts';

const platform = new URL('../../platform/', import.meta.url);
const good = new URL('../../test-documents/good/', import.meta.url);
const models = {
  'gateway.networking.k8s.io/v1 Gateway': Gateway,
  'gateway.networking.k8s.io/v1 HTTPRoute': HTTPRoute,
  'gateway.networking.k8s.io/v1beta1 HTTPRoute': BetaHTTPRoute,
};

/** Checks a document against the Gateway API's own schemas, which do not have the mesh's policies. */
function validate(document: unknown): boolean {
  const { apiVersion, kind, items } = document as { apiVersion: string; kind: string; items?: unknown[] };
  if (kind === 'List') return (items ?? []).map(validate).includes(true);
  const name = `${apiVersion} ${kind}`;
  if (!Object.hasOwn(models, name)) return false;
  new models[name as keyof typeof models](document as never).validate();
  return true;
}

function validateText(text: string): number {
  const documents = parseAllDocuments(text);
  assert.ok(Array.isArray(documents));
  return documents.filter((document) => validate(document.toJS())).length;
}

describe('documents conform to the Gateway API', () => {
  for (const [folder, path] of [
    [platform, 'platform'],
    [good, 'test-documents/good'],
  ] as const) {
    for (const name of readdirSync(folder).filter((file) => file.endsWith('.yaml'))) {
      test(`${path}/${name}`, () => {
        validateText(
          substitute(readFileSync(new URL(name, folder), 'utf8'), {
            SERVICE_NAME: 'a',
            SERVICE_HOST: 'a',
            SERVICE_PORT: '1',
            NUMERIC_HOST: '1',
          }).text,
        );
      });
    }
  }

  test('those of the platform are good, also after they are written back', async () => {
    const result = await loadConfig([platform.pathname], {});
    assert.ok(result.ok, result.ok ? '' : result.faults.map(formatFault).join('\n'));
    assert.deepEqual(result.warnings.map(formatFault), []);
    assert.equal(validateText(serialize(result.config)), 1);
  });

  test('the schemas refuse a wrong document', () => {
    assert.throws(() =>
      validateText(
        'apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: a}\nspec: {rules: [{matches: [{method: FETCH}]}]}',
      ),
    );
  });
});
