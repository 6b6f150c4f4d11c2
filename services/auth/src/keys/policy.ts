import type { Config } from '../config.ts';
import type { RotationPolicy } from './rotation.ts';

export function rotationPolicy(config: Config): RotationPolicy {
  return {
    maxAgeMs: config.KEY_MAX_AGE_S * 1_000,
    publishLeadMs: config.KEY_PUBLISH_LEAD_S * 1_000,
    tokenTtlMs: config.TOKEN_TTL_S * 1_000,
    staleLimitMs: config.STALE_LIMIT_S * 1_000,
  };
}
