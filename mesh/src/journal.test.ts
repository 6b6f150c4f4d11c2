import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { MeshConfig } from './config/model.ts';
import type { JournalEntry } from './control/journal.ts';
import { Journal } from './control/journal.ts';
import { backendRef, meshConfig, route, rule, service } from './testing/config.ts';
import { Closing, type TestMesh, testMesh } from './testing/harness.ts';

let closing: Closing;
let state: string;
beforeEach(() => {
  closing = new Closing();
  state = mkdtempSync(join(tmpdir(), 'mesh-journal-'));
  closing.add(() => rmSync(state, { recursive: true }));
});
afterEach(() => closing.close());

const config = (weights: [number, number] = [100, 0]): MeshConfig =>
  meshConfig(
    [service('old', [1]), service('new', [2])],
    [route('token', [rule({ backendRefs: [backendRef('old', weights[0]), backendRef('new', weights[1])] })])],
  );

const start = () => testMesh(closing, config(), { state });

/** What the journal says, oldest first: in the file, and by the admin port. */
async function journalOf(mesh: TestMesh): Promise<JournalEntry[]> {
  const { entries } = (await (await fetch(`${mesh.adminUrl}/journal`)).json()) as { entries: JournalEntry[] };
  const written = readFileSync(join(state, 'journal.jsonl'), 'utf8').trimEnd().split('\n');
  assert.deepEqual(
    written.map((line) => JSON.parse(line)),
    entries.toReversed(),
  );
  return entries.toReversed();
}

/** From now on no weights can be stored. */
const breakStore = () => mkdirSync(join(state, 'weights.json.new'));
/** From now on nothing can be written to the journal. */
const breakJournal = () => {
  rmSync(join(state, 'journal.jsonl'));
  mkdirSync(join(state, 'journal.jsonl'));
};
const ann = { who: 'ann', why: 'the move' };

describe('a change that is not made is not in the journal', () => {
  test('weights that could not be stored', async () => {
    const mesh = await start();
    const before = await journalOf(mesh);
    breakStore();
    assert.throws(() => mesh.mesh.shift('token', { new: 100 }, ann), { code: 'not_written' });
    assert.deepEqual(await journalOf(mesh), before);
    assert.deepEqual(mesh.mesh.changes, {});
    assert.equal(mesh.mesh.status.generation, 1);
  });

  test('documents that overtake weights by hand, where that could not be stored', async () => {
    const mesh = await start();
    mesh.mesh.shift('token', { new: 100 }, ann);
    const before = await journalOf(mesh);
    breakStore();
    mesh.documents = { config: config([50, 50]) };
    await assert.rejects(mesh.reload('ann', ''), { code: 'not_written' });
    assert.deepEqual(await journalOf(mesh), before);
    assert.deepEqual(mesh.mesh.changes.token?.weights, { old: 0, new: 100 });
    assert.equal(mesh.mesh.config.routes[0]?.rules[0]?.backendRefs[1]?.weight, 100);
    rmSync(join(state, 'weights.json.new'), { recursive: true });
    await mesh.reload('ann', '');
    assert.deepEqual(
      (await journalOf(mesh)).slice(before.length).map(({ what }) => what),
      ['documents', 'weights dropped'],
    );
  });

  test('documents while the journal cannot be written', async () => {
    const mesh = await start();
    breakJournal();
    mesh.documents = { config: config([50, 50]) };
    await assert.rejects(mesh.reload('ann', ''), { code: 'not_written' });
    assert.equal(mesh.mesh.config.routes[0]?.rules[0]?.backendRefs[1]?.weight, 0);
  });

  test('weights that are in force already, set by hand', async () => {
    const mesh = await start();
    mesh.mesh.shift('token', { new: 100 }, ann);
    const before = await journalOf(mesh);
    mesh.mesh.shift('token', { new: 100 }, { who: 'bob', why: 'again' });
    assert.deepEqual(await journalOf(mesh), before);
    assert.equal(mesh.mesh.changes.token?.who, 'ann');
  });
});

test('documents that were refused and then repaired are the last entry of the journal', async () => {
  const mesh = await start();
  mesh.documents = { faults: ['gateway.yaml:3:1: kind: must be known'] };
  await assert.rejects(mesh.reload('mesh', 'files changed'));
  assert.equal((await journalOf(mesh)).at(-1)?.what, 'documents refused');
  mesh.documents = { config: config() };
  await mesh.reload('mesh', 'files changed');
  const last = (await journalOf(mesh)).at(-1);
  assert.deepEqual([last?.what, last?.details.changes], ['documents', []]);
  await mesh.reload('mesh', 'files changed');
  assert.deepEqual((await journalOf(mesh)).at(-1), last, 'one entry only');
});

test('entries are retracted newest first, from the file too', () => {
  const journal = new Journal(state, () => 0);
  const entry = { what: 'weights', ...ann, details: {} } as const;
  journal.add(entry);
  const [second, third] = [journal.add(entry), journal.add(entry)];
  journal.retract(second);
  assert.equal(journal.recent().length, 3, 'one that is not the last stays');
  journal.retract(third);
  journal.retract(second);
  assert.equal(journal.recent().length, 1);
  assert.equal(readFileSync(join(state, 'journal.jsonl'), 'utf8').trimEnd().split('\n').length, 1);
});
