import type { Members } from '../api/body.ts';
import type { Queryable } from '../db.ts';

export interface GatewayRow {
  slug: string;
  name: string;
  enabled: boolean;
  settings: Members;
}

/** Settings of each gateway, beside its name and whether it is enabled. */
export const gatewaySettings: Readonly<Record<string, readonly string[]>> = {
  adyen: ['username', 'password', 'merchant_account', 'test'],
  authorize_net: ['login', 'password', 'test'],
  braintree: ['environment', 'merchant_id', 'public_key', 'private_key'],
  card_connect: ['merchant_id', 'username', 'password', 'test'],
  cyber_source: ['login', 'password', 'test'],
  manual: [],
  stripe: ['login', 'test'],
  stripe_payment_intents: ['login', 'test'],
};

export async function listGateways(db: Queryable): Promise<GatewayRow[]> {
  return (await db.query<GatewayRow>('select slug, name, enabled, settings from gateways order by slug')).rows;
}

export async function findGateway(db: Queryable, slug: string): Promise<GatewayRow | undefined> {
  const { rows } = await db.query<GatewayRow>('select slug, name, enabled, settings from gateways where slug = $1', [
    slug,
  ]);
  return rows[0];
}

/** Changes the given members and merges settings; undefined if the gateway does not exist. */
export async function saveGateway(
  db: Queryable,
  slug: string,
  change: { name?: string; enabled?: boolean; settings: Members },
  now: Date,
): Promise<GatewayRow | undefined> {
  const { rows } = await db.query<GatewayRow>(
    `update gateways set name = coalesce($2, name), enabled = coalesce($3, enabled), settings = settings || $4,
       updated_at = $5 where slug = $1 returning slug, name, enabled, settings`,
    [slug, change.name, change.enabled, change.settings, now],
  );
  return rows[0];
}
