import type { ServiceSide } from '../service/service-side.ts';
import type { ContentMover } from './contents.ts';

/**
 * The side of the service, with content that travels before the rows: forward before a batch is handed over, and back before
 * changes are given to the one who applies them.
 */
export const withContents = (service: ServiceSide, mover: ContentMover): ServiceSide => ({
  ...service,
  import: async (resource, epoch, changes) => {
    const refused = resource.contents
      ? await mover.send(resource, resource.contents, changes)
      : new Map<string, string>();
    const outcomes = await service.import(
      resource,
      epoch,
      changes.filter(({ key }) => !refused.has(key)),
    );
    return [...outcomes, ...[...refused].map(([key, reason]) => ({ key, outcome: 'refused' as const, reason }))];
  },
  changes: async (resource) => {
    const reply = await service.changes(resource);
    const { contents } = resource;
    if (contents && reply.ownership.state !== 'follower') await mover.fetch(resource, contents, reply.changes);
    return reply;
  },
});
