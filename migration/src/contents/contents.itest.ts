import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { after, before, beforeEach, describe, test } from 'node:test';
import { ContentFolder } from '@banyan/kit/content';
import type { Change, ChangesReply, State } from '@banyan/kit/import';
import { versionOf } from '@banyan/kit/import';
import { until } from '@banyan/kit/testing';
import { files } from '../resources/files.ts';
import type { ServiceSide } from '../service/service-side.ts';
import { createTestMonolith, type TestMonolith } from '../testing/monolith.ts';
import type { ContentSide } from './content-side.ts';
import { ContentMover } from './contents.ts';
import { withContents } from './with-contents.ts';

const hashOf = (content: string) => createHash('sha256').update(content).digest('hex');
const change = (state: State | null): Change => ({ key: randomUUID(), version: versionOf(1, 1), state });
const naming = (content: string): Change => change({ content_hash: hashOf(content) });

describe('content that moves ahead of its rows', () => {
  let monolith: TestMonolith;
  let base: string;
  let folder: ContentFolder;
  /** What the service has, by hash. */
  let kept: Map<string, string>;
  /** In their order: `content` and `rows`. */
  let steps: string[];
  before(async () => {
    monolith = await createTestMonolith();
    base = await mkdtemp(join(tmpdir(), 'contents-'));
  });
  after(async () => {
    await monolith?.drop();
    await rm(base, { recursive: true, force: true });
  });
  beforeEach(() => {
    folder = new ContentFolder(join(base, randomUUID()));
    kept = new Map();
    steps = [];
  });

  const content: ContentSide = {
    lacking: async (_resource, hashes) => hashes.filter((hash) => !kept.has(hash)),
    put: async (_resource, hash, body) => {
      steps.push('content');
      kept.set(hash, (await buffer(body)).toString());
    },
    get: async (_resource, hash) => {
      const found = kept.get(hash);
      return found === undefined ? null : Readable.from([Buffer.from(found)]);
    },
  };
  const mover = (own: ContentFolder | null = folder) =>
    new ContentMover({ folder: own, service: content, monolith: monolith.pool });
  const side = (reply: Partial<ChangesReply> = {}) =>
    withContents(
      {
        import: async (_resource: unknown, _epoch: number, changes: readonly Change[]) => {
          steps.push('rows');
          return changes.map(({ key }) => ({ key, outcome: 'applied' as const }));
        },
        changes: async () => ({
          ownership: { epoch: 2, state: 'owner', wayBack: true },
          changes: [],
          more: false,
          ...reply,
        }),
      } as unknown as ServiceSide,
      mover(),
    );
  const store = async (text: string) => {
    await folder.keep(await folder.receive(Readable.from([Buffer.from(text)])));
  };
  const onDisk = async () => {
    const entries = await readdir(folder.path, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  };

  test('the service has it before the rows, each once, and what it has is not sent again', async () => {
    for (const text of ['one', 'two', 'there']) await store(text);
    kept.set(hashOf('there'), 'there');
    const changes = [
      naming('one'),
      naming('one'),
      naming('two'),
      naming('there'),
      change({ content_hash: null }),
      change(null),
    ];
    const outcomes = await side().import(files, 1, changes);
    assert.ok(outcomes.every(({ outcome }) => outcome === 'applied') && outcomes.length === changes.length);
    assert.deepEqual(steps, ['content', 'content', 'rows']);
    assert.deepEqual([kept.get(hashOf('one')), kept.get(hashOf('two'))], ['one', 'two']);
  });

  test('a file whose content the monolith has lost or damaged is refused with the reason; the others go', async () => {
    await store('whole');
    await store('damaged');
    await writeFile(folder.pathOf(hashOf('damaged')), 'harmed');
    const [whole, damaged, lost] = [naming('whole'), naming('damaged'), naming('lost')];
    const outcomes = await side().import(files, 1, [damaged, whole, lost]);
    assert.deepEqual(
      outcomes.map(({ key, outcome }) => [key, outcome]).sort(),
      [
        [whole.key, 'applied'],
        [damaged.key, 'refused'],
        [lost.key, 'refused'],
      ].sort(),
    );
    assert.match(outcomes.find(({ key }) => key === lost.key)?.reason ?? '', /lost or damaged/);
    assert.deepEqual([...kept.keys()], [hashOf('whole')]);
  });

  test('the monolith has it before the rows come, and content of other rows in the way is replaced', async () => {
    await store('there');
    await store('damaged');
    await writeFile(folder.pathOf(hashOf('damaged')), 'harmed');
    for (const text of ['new', 'there', 'damaged']) kept.set(hashOf(text), text);
    await utimes(folder.pathOf(hashOf('there')), 0, 0);
    const changes = [naming('new'), naming('there'), naming('damaged'), change(null)];
    assert.deepEqual((await side({ changes }).changes(files)).changes, changes);
    for (const text of ['new', 'there', 'damaged'])
      assert.equal(await readFile(folder.pathOf(hashOf(text)), 'utf8'), text);
    const { mtimeMs } = await stat(folder.pathOf(hashOf('there')));
    assert.ok(mtimeMs > Date.now() - 600_000, 'the sweep leaves it for an hour');
  });

  test('changes whose content the service has lost are not given on', async () => {
    kept.set(hashOf('right'), 'wrong');
    for (const [text, before] of [
      ['gone', 0],
      ['right', 0],
    ] as const) {
      await assert.rejects(side({ changes: [naming(text)] }).changes(files), { code: 'not_equal' });
      assert.equal((await onDisk().catch(() => [])).length, before);
    }
  });

  test('content waits for a sweep of the monolith that is under way, so that none is deleted behind it', async () => {
    kept.set(hashOf('late'), 'late');
    const sweep = await monolith.pool.connect();
    await sweep.query('begin');
    await sweep.query('select pg_advisory_xact_lock(7205759404)');
    const coming = side({ changes: [naming('late')] }).changes(files);
    await until('the migration to wait', async () => {
      const waiting = await monolith.query("select from pg_locks where locktype = 'advisory' and not granted");
      return waiting.length === 1;
    });
    assert.equal(await folder.has(hashOf('late')), false);
    await sweep.query('commit');
    sweep.release();
    await coming;
    assert.equal(await folder.has(hashOf('late')), true);
  });

  test('without the folder of the monolith no file moves, and the reason is told', async () => {
    const lone = mover(null);
    const reasons = await lone.send(files, files.contents!, [naming('x'), change({ content_hash: null })]);
    assert.equal(reasons.size, 1);
    assert.match([...reasons.values()][0] ?? '', /FILES_FOLDER/);
    await assert.rejects(lone.fetch(files, files.contents!, [naming('x')]), { code: 'not_ready' });
    assert.match((await lone.fault()) ?? '', /FILES_FOLDER/);
    assert.match((await mover(new ContentFolder(join(base, 'not mounted', 'x'))).fault()) ?? '', /cannot be written/);
    assert.equal(await mover().fault(), null);
    assert.deepEqual(await onDisk(), []);
  });

  test('a comparison sees what the monolith has on its disk', async () => {
    await store('here');
    const rows = ['here', 'lost'].map((text) => ({ key: text, state: { content_hash: hashOf(text) } }));
    const seen = await mover().seen(files.contents, rows);
    assert.deepEqual(
      seen.map(({ key, state }) => [key, state.content_lost]),
      [
        ['here', undefined],
        ['lost', true],
      ],
    );
    assert.deepEqual(await mover().seen(undefined, rows), rows);
  });
});
