import { journeys } from './journeys/journeys.ts';
import { meshBalance } from './mesh-balance/mesh-balance.ts';
import { meshBreaker } from './mesh-breaker/mesh-breaker.ts';
import { meshStorm } from './mesh-storm/mesh-storm.ts';
import { meshTax } from './mesh-tax/mesh-tax.ts';
import { meshWorst } from './mesh-worst/mesh-worst.ts';
import { resource } from './resource/resource.ts';
import type { Scenario } from './scenario.ts';
import { token } from './token/token.ts';
import { tokenPeer } from './token-peer/token-peer.ts';

/** Every proof there is. */
export const scenarios: readonly Scenario[] = [
  token,
  tokenPeer,
  resource,
  journeys,
  meshTax,
  meshBalance,
  meshBreaker,
  meshStorm,
  meshWorst,
];
