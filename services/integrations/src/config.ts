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
import { allowedNetworks } from './outbound/networks.ts';

const Settings = Type.Object({
  ...commonSettings(3105),
  ...migrationSettings,
  ...peerSettings,
  /** Without a broker this service hears of nothing: as the owner it delivers nothing. */
  ...messageSettings,
  DATABASE_URL: Type.String({ pattern: '^postgres(ql)?://[^\\s]+$' }),
  DATABASE_CONNECTIONS: whole(16, 1, 200),
  /**
   * Addresses and networks that webhooks may reach although they are inside the platform, separated by commas
   * (`127.0.0.1,10.1.0.0/16`): for tests and development.
   */
  WEBHOOK_NETWORKS: Type.String({ default: '' }),
  /** How long a receiver of webhooks may take to reply. */
  WEBHOOK_TIMEOUT_MS: whole(10_000, 1, 20_000),
  /** Deliveries that one instance has under way at once. */
  WEBHOOK_CONCURRENCY: whole(8, 1, 100),
  /** How often an instance looks for deliveries that are due. New ones are attempted at once. */
  WEBHOOK_LOOK_EVERY_MS: whole(1_000, 10),
});
export type Config = Static<typeof Settings>;

/** @throws ConfigError with all faults */
export function integrationsConfig(env: NodeJS.ProcessEnv): Config {
  return readConfig(Settings, env, (given) => [...commonContradictions(given), ...networkFaults(given)]);
}

/** The addresses and networks of a setting. */
export function networksIn(text: string): string[] {
  return text
    .split(',')
    .map((network) => network.trim())
    .filter((network) => network !== '');
}

function networkFaults({ WEBHOOK_NETWORKS: text = '' }: Readonly<Record<string, string>>): string[] {
  try {
    allowedNetworks(networksIn(text));
    return [];
  } catch {
    return ['WEBHOOK_NETWORKS: must be IP addresses and networks, separated by commas: 127.0.0.1,10.1.0.0/16'];
  }
}
