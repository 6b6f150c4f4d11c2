export { createTestDatabase, type TestDatabase } from './database.ts';
export { createTestMariadb } from './mariadb.ts';
export { until } from './until.ts';
