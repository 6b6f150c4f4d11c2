import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Gateway, HTTPRoute } from '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1';
import { HTTPRoute as BetaHTTPRoute } from '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1beta1';
import { parseAllDocuments } from 'yaml';
import { readSettings } from '../settings.ts';
import { formatFault } from './fault.ts';
import { loadConfig } from './parse.ts';
import { readFiles } from './reading/files.ts';
import { substitute } from './reading/substitute.ts';
import { serialize } from './writing/serialize.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
/** Those that `mesh run` reads in this repository. */
const platform = readSettings({}).settings.documents.map((path) => `${root}${path}`);
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
  const validateFile = (text: string) =>
    validateText(substitute(text, { SERVICE_NAME: 'a', SERVICE_HOST: 'a', SERVICE_PORT: '1', NUMERIC_HOST: '1' }).text);
  for (const name of readdirSync(good).filter((file) => file.endsWith('.yaml'))) {
    test(`test-documents/good/${name}`, () => {
      validateFile(readFileSync(new URL(name, good), 'utf8'));
    });
  }

  test('those of the platform', async () => {
    const { files, faults } = await readFiles(platform);
    assert.deepEqual(faults, []);
    assert.ok(files.length > 0);
    for (const { text } of files) validateFile(text);
  });

  test('those of the platform are good, also after they are written back', async () => {
    const result = await loadConfig(platform, {});
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
