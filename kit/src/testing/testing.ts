export { createTestDatabase, type TestDatabase } from './database.ts';
export { createTestMariadb } from './mariadb.ts';
export { createTestRabbitmq, type TestBroker } from './rabbitmq.ts';
export { createTestRedis, type TestRedis } from './redis.ts';
export { until } from './until.ts';
