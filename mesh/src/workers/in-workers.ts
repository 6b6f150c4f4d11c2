import type { ControlPlane } from '../control/control-plane.ts';
import type { HoldPlan } from '../control/hold-plan.ts';
import type { Journal } from '../control/journal.ts';
import type { DataPlane } from '../data-plane.ts';
import type { Registry } from '../discovery/registry.ts';
import { Fleet, type FleetOptions } from './fleet.ts';
import { knownEndpoints } from './known-endpoints.ts';
import { mergedOperations, workerOperations } from './operations.ts';

export interface InWorkersOptions extends Pick<FleetOptions, 'settings' | 'clock' | 'log' | 'metrics'> {
  mesh: ControlPlane;
  holds: HoldPlan;
  registry: Registry;
  journal: Journal;
}

/** The data plane of a mesh with workers: they listen, and this process only controls. */
export function inWorkers({ mesh, holds, registry, journal, ...options }: InWorkersOptions): DataPlane {
  const { clock, log } = options;
  const fleet = new Fleet({
    ...options,
    state: () => ({
      config: mesh.config,
      generation: mesh.inForce.generation,
      endpoints: knownEndpoints(registry),
      holds: holds.list(),
    }),
    onDeath: (death) => journal.add({ what: 'worker died', who: 'mesh', why: death.reason, details: { ...death } }),
  });

  const restart = async (who: string, why: string) => {
    // A second call joins the replacement under way, and adds nothing to the journal.
    if (fleet.replacement.underWay) return fleet.replace();
    const { config } = mesh;
    const before = fleet.list().map(({ pid }) => pid);
    try {
      await fleet.replace();
    } catch (thrown) {
      const { message } = thrown as Error;
      journal.add({ what: 'workers not replaced', who, why, details: { failure: message, workers: fleet.list() } });
      throw thrown;
    }
    journal.add({ what: 'workers replaced', who, why, details: { before, workers: fleet.list() } });
    mesh.restarted(config);
    log.info({ who, why }, 'workers replaced');
  };
  const restartSoon = (who: string, why: string) => {
    restart(who, why).catch((thrown) => log.error({ err: thrown }, 'workers not replaced: the old ones stay'));
  };

  return {
    listen: () => fleet.start(),
    ready: () => fleet.ready > 0,
    publish: fleet.publish,
    settled: () => fleet.settled(),
    restart,
    inFlight: () => 0,
    drain: () => fleet.stop(),
    operations: (own) => mergedOperations([...own, ...workerOperations(fleet, restartSoon)], fleet, clock.now),
  };
}
