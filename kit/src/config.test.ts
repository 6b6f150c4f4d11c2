import assert from 'node:assert/strict';
import { test } from 'node:test';
import Type from 'typebox';
import { ConfigError, readConfig } from './config.ts';

const schema = Type.Object({
  PORT: Type.Integer({ default: 80, minimum: 0, maximum: 65_535 }),
  MODE: Type.Enum(['fast', 'safe'], { default: 'safe' }),
  DATABASE_URL: Type.String({ pattern: '^postgres://' }),
  NAME: Type.String(),
  DEBUG: Type.Boolean({ default: false }),
});

test('texts become values, defaults are filled in, other variables are left out', () => {
  const config = readConfig(schema, {
    PORT: '3000',
    DATABASE_URL: 'postgres://h/d',
    NAME: 'n',
    DEBUG: 'true',
    HOME: '/',
  });
  assert.deepEqual(config, { PORT: 3000, MODE: 'safe', DATABASE_URL: 'postgres://h/d', NAME: 'n', DEBUG: true });
});

test('all faults come at once, each with key, value and rule; values of secrets are not shown', () => {
  const bad = { PORT: '70000', MODE: 'slow', DATABASE_URL: 'mysql://user:hunter2@h', NAME: '' };
  assert.throws(
    () => readConfig(schema, bad),
    (error: unknown) => {
      assert.ok(error instanceof ConfigError);
      assert.deepEqual([...error.faults].sort(), [
        'DATABASE_URL: must match pattern "^postgres://"',
        'MODE: "slow" must be one of fast, safe',
        'NAME: is not set',
        'PORT: "70000" must be <= 65535',
      ]);
      assert.doesNotMatch(error.message, /hunter2/);
      return true;
    },
  );
});
