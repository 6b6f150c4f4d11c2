import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createTestDatabase, type TestDatabase, until } from '../../testing/testing.ts';
import { listenToPostgres, type Notifications } from './notifications.ts';

describe('notifications', () => {
  let database: TestDatabase;
  let notifications: Notifications;
  const heard: string[] = [];
  let connections = 0;

  before(async () => {
    database = await createTestDatabase();
    notifications = listenToPostgres({
      url: database.url,
      applicationName: 'kit test',
      channels: ['news', 'Other channel'],
      onMessage: (channel, payload) => heard.push(`${channel}: ${payload}`),
      onConnected: () => {
        connections += 1;
      },
      backOffMs: 5,
      maxBackOffMs: 20,
    });
    await until('the connection', () => notifications.connected);
  });
  after(async () => {
    await notifications.close();
    await database.drop();
  });

  test('arrive on every channel', async () => {
    await database.query("select pg_notify('news', 'a'), pg_notify('Other channel', '')");
    await until('both notifications', () => heard.length === 2);
    assert.deepEqual(heard, ['news: a', 'Other channel: ']);
  });

  test('arrive again after the store was down, and the listener learns of the new connection', async () => {
    const before = connections;
    await database.takeDown();
    await until('the loss', () => !notifications.connected);
    await database.bringBack();
    await until('the new connection', () => notifications.connected);
    assert.equal(connections, before + 1);
    heard.length = 0;
    await database.query("select pg_notify('news', 'b')");
    await until('the notification', () => heard.length === 1);
  });
});
