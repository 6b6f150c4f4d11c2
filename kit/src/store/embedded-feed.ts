import type { Added } from './added.ts';
import type { OutboxClaim, OutboxFeed } from './store.ts';

/** The feed of a store that only one process can open: the claim is kept in memory. */
export function embeddedFeed(options: {
  added: Added;
  ping: () => Promise<void>;
  claim: (release: () => Promise<void>) => OutboxClaim;
}): OutboxFeed {
  let claimed = false;
  return {
    onAdded: options.added.listen,
    claim: async () => {
      await options.ping();
      if (claimed) return null;
      claimed = true;
      return options.claim(async () => {
        claimed = false;
      });
    },
  };
}
