export { createTestDatabase, type TestDatabase } from './database.ts';
export {
  type FakeMesh,
  type FakeReply,
  type FakeRequest,
  type FakeService,
  serviceAt,
  startFakeMesh,
} from './fake-mesh.ts';
export { createTestMariadb } from './mariadb.ts';
export { createTestRabbitmq, type TestBroker } from './rabbitmq.ts';
export { type FactsBroker, openFactsBroker } from './received-facts.ts';
export { createTestRedis, type TestRedis } from './redis.ts';
export { until } from './until.ts';
