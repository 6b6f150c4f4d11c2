import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { resources } from '@banyan/migration/resources';
import { parse, parseAllDocuments } from 'yaml';
import { root } from './sources.ts';

/** One folder, one block in the Compose file, one row, one set of documents: everything else finds the services by these. */
const services = readdirSync(join(root, 'services'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .sort();

const read = (...path: string[]): string => readFileSync(join(root, ...path), 'utf8');

interface Block {
  command?: string[];
  environment?: Record<string, unknown>;
  volumes?: string[];
  'x-with'?: string[];
  'x-after'?: string[];
}
const compose = parse(read('docker-compose.yml'), { merge: true }) as { services: Record<string, Block> };

interface Document {
  kind: string;
  metadata: { name: string };
  spec: { externalName?: string; ports?: { name?: string; port: number }[]; rules?: { name?: string }[] };
}
const documentsOf = (service: string): Document[] =>
  parseAllDocuments(read('services', service, 'mesh.yaml')).map((document) => document.toJS() as Document);

const blockOf = (service: string): Block => {
  const block = compose.services[service];
  assert.ok(block, `docker-compose.yml has no ${service}`);
  return block;
};

describe('every folder of services/', () => {
  test('is a service of the topology, with the mesh and the migration, and with the broker if it tells facts', () => {
    const inTopology = Object.entries(compose.services)
      .filter(([, { command }]) => command?.[1]?.startsWith('services/'))
      .map(([name]) => name);
    assert.deepEqual(inTopology.sort(), services);
    for (const service of services) {
      const block = blockOf(service);
      assert.deepEqual(block.command, ['node', `services/${service}/src/main.ts`]);
      const broker = block.environment?.RABBITMQ_URL === undefined ? [] : ['rabbitmq'];
      assert.deepEqual(block['x-with'], ['mesh', 'migration', ...broker], service);
    }
    assert.deepEqual(compose.services.migration?.['x-after']?.toSorted(), services);
  });

  test('has documents for the mesh, whose port is that of the topology and of the settings', () => {
    for (const service of services) {
      const own = documentsOf(service).filter(({ kind, metadata }) => kind === 'Service' && metadata.name === service);
      assert.equal(own.length, 1, `${service}: one Service of its name`);
      const [port] = own[0]?.spec.ports ?? [];
      assert.equal(blockOf(service).environment?.PORT, port?.port, service);
      assert.match(
        read('services', service, 'src/config.ts'),
        new RegExp(port!.port.toLocaleString('en').replace(',', '_?')),
      );
    }
  });

  test('is found by its leases alone, so the mesh has no settings for it', () => {
    for (const service of services) {
      const addressed = documentsOf(service).filter(({ spec }) => spec.externalName !== undefined);
      assert.deepEqual(addressed, [], service);
      const names = Object.keys(compose.services.mesh?.environment ?? {});
      assert.deepEqual(
        names.filter((name) => name.startsWith(`${service.toUpperCase()}_`)),
        [],
      );
    }
  });

  test('owns the folder of its data in the image, since a volume takes over the owner of its folder', () => {
    const made =
      read('Dockerfile')
        .match(/mkdir -p ([^&]*)/)?.[1]
        ?.split(/[\s\\]+/) ?? [];
    for (const service of services) {
      const folders = (blockOf(service).volumes ?? []).map((volume) => volume.split(':')[1]);
      assert.deepEqual(
        folders.filter((folder) => !made.includes(folder ?? '')),
        [],
        service,
      );
    }
  });

  test('has a port of its own', () => {
    const ports = Object.entries(compose.services).flatMap(([name, { environment }]) =>
      environment?.PORT === undefined || name.endsWith('-tuned') ? [] : [environment.PORT],
    );
    assert.deepEqual(
      ports.filter((port, index) => ports.indexOf(port) !== index),
      [],
    );
  });

  test('is in the table of services/README.md, and nothing else is there as existing', () => {
    const rows = [
      ...read('services/README.md').matchAll(/^\| \[([\w-]+)\]\(\1\/README\.md\) \|.*\| \*\*yes\*\* \|$/gm),
    ];
    assert.deepEqual(rows.map(([, name]) => name).sort(), services);
  });

  test('has the same scripts', () => {
    const manifests = services.map((service) => JSON.parse(read('services', service, 'package.json')));
    for (const { name, scripts } of manifests) {
      assert.deepEqual(scripts, manifests[0].scripts, name);
    }
  });

  test('takes over a resource, and every resource names a service', () => {
    const owners = new Set(resources.map(({ service }) => service));
    assert.deepEqual([...owners].sort(), services);
  });
});

test('an owner that says which of its entities exist is asked where its reads are, and not where the migration goes', () => {
  for (const service of services) {
    const source = read('services', service, 'src/service.ts');
    if (!/addTargetRoutes|@banyan\/kit\/groups/.test(source)) continue;
    const route = documentsOf(service).find(({ kind, metadata }) => kind === 'HTTPRoute' && metadata.name === service);
    const reads = JSON.stringify(route?.spec.rules?.find(({ name }) => name === 'reads'));
    assert.match(reads, /"\/internal\/targets\/\w+"/, service);
  }
});

test('every resource that changes its owner has a route with rules for reads and for writes', () => {
  for (const { name, service, route, apply } of resources) {
    if (!apply) continue;
    const found = documentsOf(service).find(({ kind, metadata }) => kind === 'HTTPRoute' && metadata.name === route);
    const rules = (found?.spec.rules ?? []).flatMap((rule) => rule.name ?? []);
    assert.deepEqual([...new Set(rules)].sort(), ['reads', 'writes'], name);
  }
});
