export { createTestDatabase, type TestDatabase } from './database.ts';
export { until } from './until.ts';
