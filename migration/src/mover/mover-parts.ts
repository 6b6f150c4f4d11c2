import type { Logger } from '@banyan/kit/log';
import type { Pool } from 'pg';
import type { ContentMover } from '../contents/contents.ts';
import type { FactsFault } from '../facts/flowing.ts';
import type { Journal } from '../journal/journal.ts';
import type { Relay } from '../relay/relay.ts';
import type { Resource } from '../resources/resource.ts';
import type { ServiceSide } from '../service/service-side.ts';

export interface MoverParts {
  resource: Resource;
  /** The relay's connection may be lost and opened again. */
  relay(): Promise<Relay>;
  monolith: Pool;
  service: ServiceSide;
  /** For resources whose rows name content. Absent: none of them moves. */
  contents?: ContentMover;
  journal: Journal;
  /** The platform's address as clients see it. */
  publicUrl: string;
  /** Whether facts of the monolith travel. */
  factsFault: FactsFault;
  logger: Logger;
  now(): Date;
}
