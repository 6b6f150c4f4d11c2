import { setTimeout as pause } from 'node:timers/promises';
import type { Command } from 'commander';
import { MigrationError } from '../errors.ts';
import { bar, withProgress } from '../progress.ts';
import { enterStage, type Stage, type StageParts, stages, stageText } from '../stage/stage.ts';
import type { Verb } from '../worker/operations.ts';
import type { VerbOptions } from '../worker/worker.ts';
import { type WorkerClient, workerClient } from './worker-client.ts';
import type { CommandParts } from './worker-commands.ts';

/** Between two looks at a service that does not respond. */
const pauseMs = 200;

/** `stage`: puts every resource on its service, or on the monolith. */
export function addStageCommand(program: Command, { env, output, exit }: CommandParts): void {
  program
    .command('stage')
    .argument('[stage]', `${stages.join(' or ')}; without it: services, for what was never moved nor shifted by hand`)
    .argument('[resources...]', 'only these')
    .description('put every resource on its service, or on the monolith; what stands already is skipped')
    .option('--json', 'print the outcome as one line of JSON')
    .action(async (given: string | undefined, names: string[], { json = false }) => {
      // The task of the topology passes an empty word when no stage was chosen.
      const stage = stageNamed(given || 'services');
      const order = {
        stage,
        again: Boolean(given),
        resources: names.filter(Boolean),
        services: env.STAGE_SERVICES ? env.STAGE_SERVICES.split(',') : null,
        waitMs: secondsOf(env.STAGE_WAIT_S) * 1_000,
      };
      const lines = new Map<string, string>();
      const outcomes = await withProgress(`stage ${stage}`, output, json, (show, signal) =>
        enterStage(order, partsOf(workerClient(env), signal), (resource, line) => {
          lines.set(resource, line);
          show([...lines].map(([name, text]) => `${name}: ${text}`).join('\n'));
        }),
      );
      output.out(`${json ? JSON.stringify({ stage, resources: outcomes }) : stageText(outcomes)}\n`);
      const failed = outcomes.filter((outcome) => outcome.failed);
      for (const { resource, reason } of failed) output.error(`migrate: ${resource}: ${reason}\n`);
      if (failed.length > 0) exit(1);
    });
}

function stageNamed(name: string): Stage {
  const found = stages.find((stage) => stage === name);
  if (found) return found;
  throw new MigrationError('bad_arguments', `there is no stage ${name}; there is: ${stages.join(', ')}`);
}

function secondsOf(text: string | undefined): number {
  const seconds = Number(text || 0);
  if (seconds >= 0 && seconds <= 3_600) return seconds;
  throw new MigrationError('bad_arguments', 'STAGE_WAIT_S must be seconds from 0 to 3600');
}

function partsOf(client: WorkerClient, signal: AbortSignal): StageParts {
  const carryOut = async (
    resource: string,
    verb: Verb,
    options: VerbOptions,
    show: (line: string) => void,
  ): Promise<void> => {
    const { state, result } = await client.carryOut(
      resource,
      verb,
      options,
      ({ step, done, total }) => show(total > 0 ? `${verb} ${bar(done, total)}` : `${verb} ${step ?? ''}`),
      signal,
    );
    if (state === 'running') throw new MigrationError('busy', `${verb} goes on in the worker: see status`);
    if (state === 'failed') throw new MigrationError('refused', `${verb} failed: ${String(result)}`);
    const { switched = true, reason } = (result ?? {}) as { switched?: boolean; reason?: string };
    if (!switched) throw new MigrationError('refused', `not switched: ${reason}`);
  };
  return {
    places: () => client.places(),
    copy: (place, show) =>
      place.copied ? client.settle(place.resource) : carryOut(place.resource, 'backfill', {}, show),
    move: (place, target, show) =>
      place.follows ? client.route(place.resource, target) : carryOut(place.resource, 'switch', { target }, show),
    pause: () => pause(pauseMs, undefined, { signal }),
    clock: () => performance.now(),
  };
}
