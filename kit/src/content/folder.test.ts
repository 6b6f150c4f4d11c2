import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { ContentFolder, ContentTooLong } from './folder.ts';

const hashOf = (content: string) => createHash('sha256').update(content).digest('hex');
const none = async () => new Set<string>();

describe('a folder of content', () => {
  let base: string;
  let folder: ContentFolder;
  before(async () => {
    base = await mkdtemp(join(tmpdir(), 'content-'));
    folder = new ContentFolder(join(base, 'content'));
  });
  after(() => rm(base, { recursive: true, force: true }));

  const store = async (content: string) => {
    const received = await folder.receive(Readable.from([Buffer.from(content)]), { headBytes: 4 });
    await folder.keep(received);
    return received;
  };
  const onDisk = async () => {
    const entries = await readdir(folder.path, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  };

  test('keeps content once, by its hash', async () => {
    const [first, second] = [await store('once more'), await store('once more')];
    assert.deepEqual([first.hash, first.size, first.head.toString()], [hashOf('once more'), 9, 'once']);
    assert.equal(second.hash, first.hash);
    assert.deepEqual(
      (await onDisk()).filter((name) => name === first.hash),
      [first.hash],
    );
    assert.equal(await readFile(folder.pathOf(first.hash), 'utf8'), 'once more');
    const file = await folder.open(first.hash);
    assert.equal(await file?.readFile('utf8'), 'once more');
    await file?.close();
    assert.deepEqual([await folder.has(first.hash), await folder.open(hashOf('unknown'))], [true, undefined]);
  });

  test('has no path for what is no hash', () => {
    for (const text of ['', '..', '../../etc/passwd', 'a'.repeat(63), 'A'.repeat(64), `${'a'.repeat(64)}\n`]) {
      assert.throws(() => folder.pathOf(text), RangeError, text);
    }
  });

  test('leaves nothing of content that breaks off, is too long, or is discarded', async () => {
    const before = await onDisk();
    for (let round = 0; round < 200; round += 1) {
      const source = new Readable({ read() {} });
      source.on('error', () => {});
      source.push(Buffer.from('half'));
      source.destroy(new Error('cut off'));
      await assert.rejects(folder.receive(source), /cut off/);
    }
    await assert.rejects(
      folder.receive(Readable.from([Buffer.from('12'), Buffer.from('345')]), { maxBytes: 4 }),
      ContentTooLong,
    );
    const received = await folder.receive(Readable.from([Buffer.from('1234')]), { maxBytes: 4 });
    await folder.discard(received);
    assert.deepEqual(await onDisk(), before);
  });

  test('does not come into being where its place is not mounted', async () => {
    const away = new ContentFolder(join(base, 'not mounted', 'content'));
    await assert.rejects(away.receive(Readable.from([Buffer.from('x')])), { code: 'ENOENT' });
    assert.deepEqual([await away.has(hashOf('x')), await away.sweep(Date.now(), none)], [false, 0]);
  });

  test('knows damage from content, and content that is as new as it says', async () => {
    const { hash } = await store('whole');
    const path = folder.pathOf(hash);
    await utimes(path, 0, 0);
    assert.deepEqual([await folder.isIntact(hash), await folder.freshen(hash)], [true, true]);
    assert.ok((await stat(path)).mtimeMs > Date.now() - 60_000);
    await writeFile(path, 'hole');
    await utimes(path, 0, 0);
    assert.deepEqual([await folder.isIntact(hash), await folder.freshen(hash)], [false, false]);
    assert.equal((await stat(path)).mtimeMs, 0);
    await store('whole');
    assert.equal(await folder.isIntact(hash), true, 'what arrives again takes the place of the damage');
    assert.deepEqual([await folder.isIntact(hashOf('no')), await folder.freshen(hashOf('no'))], [false, false]);
  });

  test('is swept of what is old and has no name, and of old remains', async () => {
    const [named, nameless, young] = [await store('named'), await store('nameless'), await store('young')];
    await writeFile(join(folder.incoming, 'left'), 'x');
    for (const { hash } of [named, nameless]) await utimes(folder.pathOf(hash), 0, 0);
    const asked: string[] = [];
    const namedAmong = async (hashes: readonly string[]) => {
      asked.push(...hashes);
      return new Set(hashes.filter((hash) => hash === named.hash));
    };
    assert.equal(await folder.sweep(1_000, namedAmong), 1);
    await utimes(join(folder.incoming, 'left'), 0, 0);
    assert.equal(await folder.sweep(1_000, namedAmong), 1);
    assert.deepEqual(await Promise.all([named, nameless, young].map(({ hash }) => folder.has(hash))), [
      true,
      false,
      true,
    ]);
    assert.ok(!asked.includes(young.hash));
  });

  test('is not swept of content that arrives again, or gets a name, while it looks', async () => {
    const [again, late] = [await store('again'), await store('late')];
    for (const { hash } of [again, late]) await utimes(folder.pathOf(hash), 0, 0);
    let looks = 0;
    await folder.sweep(1_000, async (hashes) => {
      looks += 1;
      if (hashes.length === 1 && hashes[0] === late.hash && looks > 1) return new Set([late.hash]);
      if (looks === 1) await store('again');
      return new Set();
    });
    assert.deepEqual([await folder.has(again.hash), await folder.has(late.hash)], [true, true]);
  });
});
