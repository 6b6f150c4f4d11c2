export { type Call, type Called, callerOf } from './call.ts';
export { type CapturedLog, captureLog } from './captured-log.ts';
export { createTestDatabase, type TestDatabase } from './database.ts';
export { asPeer, credentials, testEnvironment } from './environment.ts';
export {
  type FakeMesh,
  type FakeReply,
  type FakeRequest,
  type FakeService,
  serviceAt,
  startFakeMesh,
} from './fake-mesh.ts';
export { describeImportPaths } from './import-paths.ts';
export { createTestMariadb } from './mariadb.ts';
export { type Mover, migrationToken, moverOf, type Outcome } from './mover.ts';
export { type OwnFolder, ownFolder } from './own-folder.ts';
export { createTestRabbitmq, type TestBroker } from './rabbitmq.ts';
export { type FactsBroker, openFactsBroker } from './received-facts.ts';
export { createTestRedis, type TestRedis } from './redis.ts';
export { testTokens, tokenIssuer } from './tokens.ts';
export { until } from './until.ts';
