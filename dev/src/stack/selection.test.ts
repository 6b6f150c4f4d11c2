// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the Compose file's own syntax is under test
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { repository } from '../paths.ts';
import { freshFolder } from '../testing.ts';
import type { StackOptions } from './options.ts';
import { inTwoParts, selected } from './selection.ts';

const composeFile = join(freshFolder(), 'docker-compose.yml');
writeFileSync(
  composeFile,
  `services:
  store: { image: "postgres:17", expose: ["1"] }
  queue: { image: "rabbitmq:4", expose: ["2"] }
  shop: { build: ., command: x, depends_on: [store] }
  edge: { build: ., command: x, depends_on: [shop] }
  carts: { build: ., command: x, depends_on: [store], x-with: [edge, move] }
  jobs: { build: ., command: x, x-with: [edge, move] }
  move:
    build: .
    restart: "no"
    command: ["stage", "\${STAGE:-}"]
    environment: { STAGE_SERVICES: "\${STAGE_SERVICES:-}" }
    x-after: [carts, jobs]
    depends_on: [edge]
`,
);

const select = (options: StackOptions) => selected({ composeFile, variables: {}, ...options });
const names = (services: readonly { name: string }[]) => services.map(({ name }) => name);

describe('what is started', () => {
  test('everything, and the stage is left to the task', () => {
    const { services, topology } = select({});
    assert.deepEqual(names(services), ['store', 'queue', 'shop', 'edge', 'carts', 'jobs', 'move']);
    const { command, environment } = topology.services.move ?? {};
    assert.deepEqual([command, environment], [['stage', ''], { STAGE_SERVICES: '' }]);
  });

  test('the chosen stage is the variable STAGE, which the environment may have, too', () => {
    assert.deepEqual(select({ stage: 'monolith' }).topology.services.move?.command, ['stage', 'monolith']);
    assert.deepEqual(select({ variables: { STAGE: 'services' } }).topology.services.move?.command, [
      'stage',
      'services',
    ]);
  });

  test('of a selection: what it depends on', () => {
    assert.deepEqual(names(select({ only: ['carts'] }).services), ['store', 'carts']);
  });

  test('of a selection with company: the edge and the stage too, which is about these services alone', () => {
    const { services, topology } = select({ only: ['carts'], accompanied: true });
    assert.deepEqual(names(services), ['store', 'shop', 'edge', 'carts', 'move']);
    assert.equal(topology.services.move?.environment.STAGE_SERVICES, 'store,shop,edge,carts,move');
  });

  test('a process that does not exist is refused', () => {
    assert.throws(() => select({ only: ['shoe'] }), /there is no process shoe/);
  });
});

describe('what a start waits for', () => {
  test('all but a store that no process needs', () => {
    const { waitedFor, others } = inTwoParts(select({}).services, {});
    assert.deepEqual([names(waitedFor).length, names(others)], [6, ['queue']]);
  });

  test('also that store, when it was asked for', () => {
    const options = { only: ['queue'] };
    assert.deepEqual(names(inTwoParts(select(options).services, options).waitedFor), ['queue']);
  });
});

describe("the platform's own topology", () => {
  const { topology } = selected({ variables: {} });
  const services = Object.values(topology.services);

  test('every service brings the edge and the stage, and the stage waits for it', () => {
    const inMesh = services.filter(({ command }) => command.some((word) => word.startsWith('services/')));
    assert.ok(inMesh.length > 0);
    for (const { name, with: company, environment } of inMesh) {
      // One that tells facts brings the broker, too: otherwise they would wait for ever.
      const broker = environment.RABBITMQ_URL === undefined ? [] : ['rabbitmq'];
      assert.deepEqual([name, company], [name, ['mesh', 'migration', ...broker]]);
      assert.ok(topology.services.migration?.after.includes(name), name);
    }
  });

  test('the stage needs no service: the resource of one that is down stays on the monolith', () => {
    assert.deepEqual(Object.keys(topology.services.migration?.dependsOn ?? {}), ['seed', 'migrator', 'mesh']);
  });

  test('every process of ours has the small semi-space', () => {
    for (const { name, environment, kind } of services) {
      if (kind === 'process') assert.match(environment.NODE_OPTIONS ?? '', /--max-semi-space-size=\d/, name);
    }
  });

  test('the checkout is where the file is', () => assert.equal(topology.folder, repository));
});
