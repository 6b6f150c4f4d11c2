import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { files } from '../support/kinds/files.ts';
import { Ledger } from '../support/ledger.ts';
import { Migrator } from '../support/migrator.ts';
import { askToken, type Platform, startPlatform } from '../support/platform.ts';
import { Shop } from '../support/shop.ts';
import { until } from '../support/until.ts';

/** What a stop of the way is held for. By count, not by time. */
const atEachStop = { writes: 24, images: 3 };
/** As large as files may be. */
const imageBytes = 10 * 1024 * 1024;

let platform: Platform;
let migrator: Migrator;
before(async () => {
  platform = await startPlatform('monolith', { only: ['auth', 'files'], accompanied: true });
  migrator = new Migrator(platform);
});
after(() => platform?.stop());

const hashOf = (content: Buffer) => createHash('sha256').update(content).digest('hex');

test('files move to their service and back while clients upload, and products show them on the way', async () => {
  const { access_token: token } = await askToken(platform.edge, platform.client);
  const edge = new Shop(platform.edge, token);
  const ledger = new Ledger({ shop: edge, kind: files });
  const faults: string[] = [];
  let images = 0;
  let moving = true;
  const going = () => moving && faults.length + ledger.faults.length === 0;
  const [product] = (await edge.get('/v2/products?page[limit]=1')).body.data as { id: string }[];
  const path = `/v2/products/${product?.id}`;
  const expect = (what: string, isRight: boolean, shown: unknown) => {
    if (!isRight) faults.push(`${what}: ${JSON.stringify(shown)?.slice(0, 300)}`);
  };

  /** Uploads a large file, makes it the image of a product, reads it on each way there is, and deletes it. */
  const showImages = async () => {
    while (going()) {
      const content = randomBytes(imageBytes);
      const form = new FormData();
      form.set('file', new Blob([content]), 'large.bin');
      const made = await edge.send({ method: 'POST', path: '/v2/files', form });
      expect('upload', made.status === 201, made);
      if (made.status !== 201) return;
      const { id, link } = made.body.data;
      const { status, bytes } = await edge.bytes(new URL(link.href).pathname);
      expect('content', status === 200 && hashOf(bytes) === hashOf(content), [status, bytes.length]);
      const data = { type: 'main_image', id };
      const linked = await edge.send({ method: 'POST', path: `${path}/relationships/main-image`, data });
      expect('link', linked.status === 200, linked);
      const shown = await edge.get(`${path}?include=main_image`);
      expect('include', shown.body.included?.main_images[0]?.id === id, shown.body.included);
      const gone = await edge.send({ method: 'DELETE', path: `/v2/files/${id}` });
      expect('deletion', gone.status === 204, gone);
      const { body } = await edge.get(path);
      expect(
        'a link to a file that is gone',
        body.data.relationships.main_image === undefined,
        body.data.relationships,
      );
      images += 1;
    }
  };
  const clients = [0, 1].map((client) => ledger.write(client, going)).concat(showImages());
  const dwell = async (where: string) => {
    const goal = { writes: ledger.acknowledged.length + atEachStop.writes, images: images + atEachStop.images };
    const isEnough = () => ledger.acknowledged.length >= goal.writes && images >= goal.images;
    await until(`files ${where}`, () => !going() || isEnough(), { limitMs: 240_000 });
    assert.deepEqual([...faults, ...ledger.faults], [], where);
    await migrator.mustBeEqual('files', where);
  };

  try {
    await migrator.backfill('files');
    await dwell('on the monolith, with the service in step');
    await migrator.shift('files/reads', 'files');
    await dwell('on the monolith, with the reads on the service');
    await migrator.switchTo('files', 'service');
    await dwell('on the service');
    await migrator.shift('files/reads', 'monolith');
    await dwell('on the service, with the reads on the monolith');
    await migrator.switchTo('files', 'monolith');
    await dwell('back on the monolith');
    await migrator.switchTo('files', 'service');
    await dwell('on the service again');
  } finally {
    moving = false;
    await Promise.all(clients);
  }
  assert.deepEqual([...faults, ...ledger.faults], []);
  assert.deepEqual(await ledger.compare(), []);
  const monolith = new Shop(platform.monolith, token);
  await migrator.settled('files');
  assert.deepEqual(await ledger.compare(monolith), [], 'the monolith has every file, with its content');
});
