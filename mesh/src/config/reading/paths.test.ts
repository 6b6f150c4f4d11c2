import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { formatFault } from '../fault.ts';
import { loadConfig } from '../parse.ts';
import { findPaths, watchedFolders } from './paths.ts';

const root = mkdtempSync(join(tmpdir(), 'mesh-paths-'));
after(() => rmSync(root, { recursive: true }));

const service = (name: string): string =>
  `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}}\nspec: {type: ExternalName, externalName: a, ports: [{port: 80}]}\n`;

for (const path of ['platform/gateway.yaml', 'services/b/mesh.yaml', 'services/a/mesh.yaml', 'services/.c/mesh.yaml']) {
  mkdirSync(join(root, path, '..'), { recursive: true });
  writeFileSync(join(root, path), service(path.replace('/mesh.yaml', '').replaceAll(/[/.]/g, '-')));
}
mkdirSync(join(root, 'services/none'));
writeFileSync(join(root, 'services/README.md'), '');
mkdirSync(join(root, 'services/a/more'));
writeFileSync(join(root, 'services/a/more/x.yaml'), service('x'));

const found = async (entry: string) =>
  (await findPaths(join(root, entry))).files.map((path) => path.slice(root.length + 1));
const watched = async (...entries: string[]) =>
  (await watchedFolders(entries.map((entry) => join(root, entry)))).map((path) => path.slice(root.length + 1)).sort();

describe('a list of documents', () => {
  test('has files, folders and patterns, in the order of the list', async () => {
    assert.deepEqual(await found('platform'), ['platform/gateway.yaml']);
    assert.deepEqual(await found('platform/gateway.yaml'), ['platform/gateway.yaml']);
    assert.deepEqual(await found('services/*/mesh.yaml'), ['services/a/mesh.yaml', 'services/b/mesh.yaml']);
    assert.deepEqual(await found('services/?/m*.yaml'), ['services/a/mesh.yaml', 'services/b/mesh.yaml']);
    assert.deepEqual(await found('services/a/m*'), ['services/a/mesh.yaml', 'services/a/more/x.yaml']);
    assert.deepEqual(await found('services/.*/mesh.yaml'), ['services/.c/mesh.yaml']);
    assert.deepEqual(await found('nowhere/*/mesh.yaml'), []);
  });

  test('is read as one configuration, each file once', async () => {
    const paths = ['platform', 'services/*/mesh.yaml', 'services/a', 'platform/gateway.yaml'];
    const result = await loadConfig(
      paths.map((path) => join(root, path)),
      {},
    );
    assert.ok(result.ok, result.ok ? '' : result.faults.map(formatFault).join('\n'));
    assert.deepEqual(
      result.config.services.map(({ name }) => name),
      ['platform-gateway-yaml', 'services-a', 'services-b'],
    );
  });

  test('with a pattern that no file fits is at fault', async () => {
    const result = await loadConfig([join(root, 'platform'), join(root, 'service/*/mesh.yaml')], {});
    assert.ok(!result.ok);
    assert.match(result.faults.map(formatFault).join('\n'), /service\/\*\/mesh\.yaml: must hold at least one/);
  });

  test('can change in each folder that a pattern passes through, and in that of a file', async () => {
    assert.deepEqual(await watched('platform', 'services/*/mesh.yaml'), [
      'platform',
      'services',
      'services/a',
      'services/b',
      'services/none',
    ]);
    assert.deepEqual(await watched('platform/gateway.yaml'), ['platform']);
  });

  test('can change where a path that leads nowhere now would begin', async () => {
    assert.deepEqual(await watched('platform/later/mesh.yaml'), ['platform']);
    assert.deepEqual(await watched('services/later/*/mesh.yaml'), ['services']);
  });
});
