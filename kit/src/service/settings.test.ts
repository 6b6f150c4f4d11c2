import assert from 'node:assert/strict';
import { test } from 'node:test';
import Type from '../../vendor/typebox.js';
import { ConfigError, readConfig } from './settings.ts';

const schema = Type.Object({
  PORT: Type.Integer({ default: 80, minimum: 0, maximum: 65_535 }),
  MODE: Type.Enum(['fast', 'safe'], { default: 'safe' }),
  DATABASE_URL: Type.String({ pattern: '^postgres://' }),
  NAME: Type.String(),
  DEBUG: Type.Boolean({ default: false }),
});

test('converts texts, fills in defaults and leaves out other variables', () => {
  const config = readConfig(schema, {
    PORT: '3000',
    DATABASE_URL: 'postgres://h/d',
    NAME: 'n',
    DEBUG: 'true',
    HOME: '/',
  });
  assert.deepEqual(config, { PORT: 3000, MODE: 'safe', DATABASE_URL: 'postgres://h/d', NAME: 'n', DEBUG: true });
});

test('reports all faults at once with key, value and rule, and hides values that may be secrets', () => {
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

test('reports contradictions between settings together with the other faults', () => {
  const rulesBetween = ({ NAME, DEBUG }: Readonly<Record<string, string>>) =>
    NAME !== undefined && DEBUG === undefined ? ['NAME needs DEBUG'] : [];
  const faultsOf = (env: NodeJS.ProcessEnv) => {
    try {
      readConfig(schema, env, rulesBetween);
      return [];
    } catch (error) {
      assert.ok(error instanceof ConfigError);
      return error.faults;
    }
  };
  const right = { DATABASE_URL: 'postgres://h/d', NAME: 'n' };
  assert.deepEqual(faultsOf({ ...right, DEBUG: 'true' }), []);
  assert.deepEqual(faultsOf(right), ['NAME needs DEBUG']);
  assert.deepEqual(faultsOf({ ...right, PORT: '-1' }), ['PORT: "-1" must be >= 0', 'NAME needs DEBUG']);
});
