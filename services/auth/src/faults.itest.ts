import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import {
  createTestDatabase,
  fakeMesh,
  importRows,
  startInstance,
  type TestDatabase,
  testClient,
  until,
} from './testing.ts';

/** Short, so that a test sees each limit pass; nothing below depends on how short. */
const quick = { CLIENT_FRESH_MS: '0', KEY_REFRESH_MS: '50' };

describe('a store that is down', () => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await createTestDatabase();
  });
  afterEach(() => database.drop());

  test('does not stop the service from starting; it is ready once the store responds', async () => {
    await database.takeDown();
    const auth = await startInstance(database.url, quick);
    try {
      assert.equal((await auth.get('/health/live')).status, 200);
      const health = await auth.get('/health/ready');
      assert.equal(health.status, 503);
      assert.equal(health.body.ready, false);
      const refused = await auth.token(testClient());
      assert.equal(refused.status, 503);
      assert.equal(refused.body.errors[0]?.title, 'Service Unavailable');
      assert.ok(Number(refused.headers.get('retry-after')) > 0);

      await database.bringBack();
      await auth.service.ready;
      await until('readiness', async () => (await auth.get('/health/ready')).status === 200);
      const client = testClient();
      await importRows(database, [client.row]);
      await until('a token', async () => (await auth.token(client)).status === 200);
    } finally {
      await auth.close();
    }
  });

  test('leaves tokens to known clients and gives others 503 until it is back', async () => {
    const [known, unseen] = [testClient(), testClient()];
    const auth = await startInstance(database.url, quick);
    try {
      await auth.service.ready;
      await importRows(database, [known.row, unseen.row]);
      await until('the known client to be cached', async () => (await auth.token(known)).status === 200);

      await database.takeDown();
      assert.equal((await auth.token(known)).status, 200);
      assert.equal((await auth.token(known, 'f'.repeat(40))).status, 401);
      assert.equal((await auth.token(unseen)).status, 503);
      assert.equal((await auth.get('/health/ready')).status, 503);

      await database.bringBack();
      await until('the other client', async () => (await auth.token(unseen)).status === 200);
      await until('readiness', async () => (await auth.get('/health/ready')).status === 200);
    } finally {
      await auth.close();
    }
  });

  test('for too long ends tokens for known clients too', async () => {
    const client = testClient();
    const auth = await startInstance(database.url, { ...quick, STALE_LIMIT_S: '1' });
    try {
      await auth.service.ready;
      await importRows(database, [client.row]);
      await until('a token', async () => (await auth.token(client)).status === 200);
      await database.takeDown();
      await until('the first refusal', async () => (await auth.token(client)).status === 503);
      await database.bringBack();
      await until('a token again', async () => (await auth.token(client)).status === 200);
    } finally {
      await auth.close();
    }
  });
});

test('a stopping service finishes requests in flight and accepts no new ones', async () => {
  const database = await createTestDatabase();
  const mesh = await fakeMesh();
  const auth = await startInstance(database.url, { MESH_URL: mesh.url });
  try {
    await auth.service.ready;
    const release = Promise.withResolvers<void>();
    mesh.held = release.promise;
    mesh.reply = { status: 200, body: { active: false } };
    const inFlight = auth.introspect('a'.repeat(40));
    await until('the request to be in flight', () => mesh.requests.length === 1);
    const closed = auth.close();
    await until('new connections to be refused', () =>
      auth.get('/health/live').then(
        () => false,
        () => true,
      ),
    );
    release.resolve();
    assert.deepEqual((await inFlight).body, { active: false });
    await closed;
  } finally {
    mesh.close();
    await database.drop();
  }
});
