import type { Metrics, PlainCounter } from '@banyan/kit/metrics';
import type { Identifier } from './contract.ts';

/** The counters of this service, in addition to those of every server. */
export interface AuthMetrics {
  issued: Readonly<Record<Identifier, PlainCounter>>;
  refusal(code: string): PlainCounter;
  upgraded: PlainCounter;
}

export function authMetrics(metrics: Metrics): AuthMetrics {
  const issued = metrics.counter('auth_tokens_issued_total', 'Access tokens issued', ['identifier']);
  const refused = metrics.counter('auth_tokens_refused_total', 'Requests for a token that failed', ['code']);
  const upgraded = metrics.counter('auth_secrets_upgraded_total', 'Slow secret hashes replaced by fast ones');
  const refusals = new Map<string, PlainCounter>();
  return {
    issued: {
      implicit: issued.series({ identifier: 'implicit' }),
      client_credentials: issued.series({ identifier: 'client_credentials' }),
    },
    refusal: (code) => {
      let counter = refusals.get(code);
      if (!counter) {
        counter = refused.series({ code });
        refusals.set(code, counter);
      }
      return counter;
    },
    upgraded: upgraded.series(),
  };
}
