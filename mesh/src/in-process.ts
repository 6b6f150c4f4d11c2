import { ControlError } from './control/control-error.ts';
import type { DataPlane } from './data-plane.ts';
import type { Entrances } from './entrances.ts';
import { workerOperations } from './workers/operations.ts';

/** The data plane of a mesh without workers: this process listens. */
export function inProcess(entrances: Entrances): DataPlane {
  return {
    listen: entrances.listen,
    ready: () => true,
    publish() {},
    async settled() {},
    async restart() {
      throw new ControlError('invalid', ['this mesh has no workers to replace']);
    },
    inFlight: entrances.inFlight,
    drain: entrances.drain,
    operations: (own) => [...own, ...workerOperations(null, () => {})],
  };
}
