import { meshTax } from './mesh-tax/mesh-tax.ts';
import type { Scenario } from './scenario.ts';
import { token } from './token/token.ts';
import { tokenPeer } from './token-peer/token-peer.ts';

/** Every proof there is. */
export const scenarios: readonly Scenario[] = [token, tokenPeer, meshTax];
