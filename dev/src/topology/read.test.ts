// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the Compose file's own syntax is under test
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { repository } from '../paths.ts';
import { fixture, freshFolder } from '../testing.ts';
import { readTopology } from './read.ts';
import { active, closure } from './topology.ts';

const folder = freshFolder();

function written(text: string): string {
  const file = join(folder, 'docker-compose.yml');
  writeFileSync(file, text);
  return file;
}

describe('reading a Compose file', () => {
  test('tells processes, tasks and stores apart', () => {
    const { services } = readTopology(fixture('docker-compose.yml'), {});
    const kinds = Object.fromEntries(Object.values(services).map(({ name, kind }) => [name, kind]));
    assert.deepEqual(
      { shop: kinds.shop, seed: kinds.seed, postgres: kinds.postgres },
      { shop: 'process', seed: 'task', postgres: 'store' },
    );
  });

  test('reads ports, health, volumes, dependencies and merged anchors', () => {
    const { services } = readTopology(fixture('docker-compose.yml'), { SEED_SIZE: 'large' });
    assert.deepEqual(services.copy?.ports, [{ container: 3000, host: 3002 }]);
    assert.equal(services.shop?.healthUrl, 'http://127.0.0.1:3000/health/ready');
    assert.deepEqual(services.seed?.volumes, [{ source: 'credentials', target: '/var/lib/fixture', named: true }]);
    assert.deepEqual(services.seed?.command, ['--size', 'large']);
    assert.deepEqual(services.shop?.dependsOn, { databases: 'service_completed_successfully' });
  });

  test('takes variables from the environment, then from .env, then the defaults', () => {
    const file = written('services: { a: { image: "i:${ONE:-1}${TWO:-2}${THREE:-3}" } }');
    writeFileSync(join(folder, '.env'), 'ONE=file\nTWO=file\n');
    assert.equal(readTopology(file, { ONE: 'own' }).services.a?.image, 'i:ownfile3');
  });

  test('reports all faults at once', () => {
    const file = written(`services:
  a: { build: ., depends_on: [missing] }
  b: { image: x, ports: ["99999:1"] }
  c: { image: x, depends_on: [d] }
  d: { image: x, depends_on: [c] }
  f: { image: x, x-after: [lost], x-with: [gone] }
  e: 5`);
    assert.throws(
      () => readTopology(file, {}),
      (error: Error) => {
        for (const part of [
          'command is missing',
          'missing, which the file lacks',
          'lost, which the file lacks',
          'gone, which the file lacks',
          '99999:1',
          'c -> d -> c',
          'e: must',
        ]) {
          assert.ok(error.message.includes(part), part);
        }
        return true;
      },
    );
  });

  test('a file that is not YAML, or has no services, is refused by name', () => {
    assert.throws(() => readTopology(written('services: ['), {}), /docker-compose\.yml/);
    assert.throws(() => readTopology(written('a: b'), {}), /has no services/);
  });

  test('profiles and dependencies select', () => {
    const topology = readTopology(fixture('docker-compose.yml'), {});
    const names = (services: { name: string }[]) => services.map(({ name }) => name);
    assert.ok(!names(active(topology, [])).includes('copy'));
    assert.ok(names(active(topology, ['copy'])).includes('copy'));
    assert.deepEqual(names(closure(topology, ['seed'])), ['postgres', 'databases', 'shop', 'seed']);
  });
});

describe("the platform's own topology", () => {
  const topology = readTopology(join(repository, 'docker-compose.yml'), {});
  const services = Object.values(topology.services);

  test('every process says how to tell that it is ready', () => {
    const mute = services.filter(({ kind, healthUrl }) => kind === 'process' && healthUrl === null);
    assert.deepEqual(mute, []);
  });

  test('no two services publish the same port', () => {
    const published = services.flatMap(({ ports }) => ports.map(({ host }) => host));
    assert.equal(new Set(published).size, published.length);
  });

  test('the mesh starts without any service: their routes stay on the monolith', () => {
    assert.deepEqual(Object.keys(topology.services.mesh?.dependsOn ?? {}), ['monolith']);
  });
});
