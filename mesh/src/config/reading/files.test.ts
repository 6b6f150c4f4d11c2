import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { check } from '../check.ts';
import { formatFault } from '../fault.ts';
import { loadConfig } from '../parse.ts';
import { maxFileLength } from './yaml-tree.ts';

const root = mkdtempSync(join(tmpdir(), 'mesh-documents-'));
after(() => rmSync(root, { recursive: true }));

const service = (name: string): string =>
  `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}}\nspec: {type: ExternalName, externalName: a, ports: [{port: 80}]}\n`;

/** A folder with these files. */
function folder(files: Record<string, string | Uint8Array>): string {
  const path = mkdtempSync(join(root, 'f-'));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(path, name), content);
  return path;
}

async function faultsOf(...paths: string[]): Promise<string> {
  const result = await loadConfig(paths, {});
  return result.ok ? '' : result.faults.map(formatFault).join('\n').replaceAll(root, '');
}

describe('documents on disk', () => {
  test('a folder stands for its YAML and JSON files, in the order of their names', async () => {
    const path = folder({
      'b.yaml': service('b'),
      'a.yml': service('a'),
      'c.json': '{}',
      'notes.txt': '{{{',
      '.hidden.yaml': '{{{',
    });
    writeFileSync(join(path, 'c.json'), JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [] }));
    const result = await loadConfig([path], {});
    assert.ok(result.ok);
    assert.deepEqual(
      result.config.services.map(({ name }) => name),
      ['a', 'b'],
    );
  });

  test('files and folders can be given together, and links are followed', async () => {
    const one = folder({ 'a.yaml': service('a') });
    const two = folder({ 'b.yaml': service('b') });
    symlinkSync(join(one, 'a.yaml'), join(two, 'a.yaml'));
    const result = await loadConfig([two], {});
    assert.ok(result.ok);
    assert.equal(result.documents, 2);
    assert.match(await faultsOf(two, join(one, 'a.yaml')), /metadata.name = "a": must be unique/);
  });

  test('a missing, unreadable or empty path is a fault', async () => {
    assert.match(await faultsOf(join(root, 'nowhere')), /nowhere: there is no such file or folder$/);
    assert.match(await faultsOf(folder({})), /must hold at least one \.yaml, \.yml or \.json file$/);
    assert.match(await faultsOf(folder({ 'a.yaml': '' })), /a\.yaml: must hold at least one document$/);
    assert.match(await faultsOf(folder({ 'a.yaml': '# nothing\n---\n---\n' })), /must hold at least one document$/);
    const looped = folder({});
    symlinkSync(join(looped, 'a.yaml'), join(looped, 'a.yaml'));
    assert.match(await faultsOf(looped), /a\.yaml: is a link that leads to itself$/);
    const odd = folder({});
    mkdirSync(join(odd, 'a.yaml'));
    assert.match(await faultsOf(odd), /a\.yaml: is a folder, not a file$/);
  });

  test('a file that is not text is a fault, beside those of the other files', async () => {
    const path = folder({
      'a.yaml': new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 0, 1, 2]),
      'b.yaml': new Uint8Array([0x61, 0x3a, 0x20, 0xff, 0xfe]),
      'c.yaml': 'kind: Service',
    });
    const faults = await faultsOf(path);
    assert.match(
      faults,
      /a\.yaml: must be text in UTF-8\n.*b\.yaml: must be text in UTF-8\n.*c\.yaml:1:1: Service: apiVersion/,
    );
  });

  test('a huge file is not read', async () => {
    const path = folder({ 'a.yaml': `# ${'x'.repeat(maxFileLength)}` });
    assert.match(await faultsOf(path), /must not be longer than 262144 bytes/);
  });
});

describe('mesh check', () => {
  test('exits with 0 for valid documents', async () => {
    const path = folder({ 'a.yaml': service('a') });
    const { exitCode, output } = await check({ paths: [path], json: false, variables: {} });
    assert.equal(exitCode, 0);
    assert.match(output, /^good: 1 document, no faults, no warnings, digest [0-9a-f]{12}$/);
  });

  test('lists all faults and warnings and exits with 1', async () => {
    const path = folder({
      'a.yaml': service('A'),
      'b.yaml': `${service('b').replace('type: ExternalName, externalName: a, ', '')}`,
    });
    const { exitCode, output } = await check({ paths: [path], json: false, variables: {} });
    assert.equal(exitCode, 1);
    const lines = output.split('\n');
    assert.equal(lines.length, 3);
    assert.match(lines[0] ?? '', /a\.yaml:3:18: Service\/A: metadata\.name = "A": must be a name/);
    assert.match(lines[1] ?? '', /b\.yaml:3:18: warning: Service\/b: .*has no endpoints/);
    assert.equal(lines[2], 'bad: 2 documents, 1 fault, 1 warning');
  });

  test('prints JSON', async () => {
    const good = await check({ paths: [folder({ 'a.yaml': service('a') })], json: true, variables: {} });
    assert.match(JSON.parse(good.output).digest, /^[0-9a-f]{64}$/);
    const bad = await check({ paths: [folder({ 'a.yaml': 'a: [' })], json: true, variables: {} });
    assert.equal(bad.exitCode, 1);
    const { ok, faults } = JSON.parse(bad.output);
    assert.equal(ok, false);
    assert.deepEqual(Object.keys(faults[0]).sort(), [
      'column',
      'document',
      'file',
      'line',
      'object',
      'path',
      'rule',
      'severity',
    ]);
  });

  test('exits with 2 without a path', async () => {
    assert.equal((await check({ paths: [], json: false, variables: {} })).exitCode, 2);
    assert.equal(JSON.parse((await check({ paths: [], json: true, variables: {} })).output).ok, false);
  });
});
