import {
  commonContradictions,
  commonSettings,
  messageSettings,
  migrationSettings,
  peerSettings,
  whole,
} from '@banyan/kit/common-settings';
import { readConfig } from '@banyan/kit/settings';
import Type, { type Static } from '@banyan/kit/typebox';

const Settings = Type.Object({
  ...commonSettings(3104),
  ...migrationSettings,
  ...messageSettings,
  ...peerSettings,
  REDIS_URL: Type.String({ pattern: '^redis://[^\\s]+$' }),
  /** Begins every key of this service. */
  REDIS_TAG: Type.String({ default: 'carts', pattern: '^[\\w-]+$' }),
  /** Currencies are asked of their owner this often at most. One that is not known is asked for at once. */
  CURRENCY_FRESH_MS: whole(1_000, 0),
  /** The fields of carts and lines are asked of their owner this often at most. */
  FIELDS_FRESH_MS: whole(1_000, 0),
  /** Automatic promotions are asked of their owner this often at most. Codes are asked for with each request. */
  PROMOTIONS_FRESH_MS: whole(1_000, 0),
  /** How often carts that have expired are removed from the lists. */
  SWEEP_EVERY_MS: whole(60_000, 100),
});
export type Config = Static<typeof Settings>;

/** @throws ConfigError with all faults */
export function cartsConfig(env: NodeJS.ProcessEnv): Config {
  return readConfig(Settings, env, commonContradictions);
}
