import type { Service } from '../discovery/service.ts';

/** What is settled together: resources, by the Service that knows about them. */
export interface SettleTarget {
  /** Equal for equal services and resources. */
  readonly key: string;
  /** Without endpoints where the documents name none: then nothing is ever settled. */
  readonly service: Service;
  readonly resources: readonly string[];
}

export function settleTarget(service: Service, resources: readonly string[]): SettleTarget {
  const sorted = [...new Set(resources)].sort();
  return { key: `${service.id} ${sorted.join(',')}`, service, resources: sorted };
}
