import { setTimeout as pause } from 'node:timers/promises';
import { Argument, type Command } from 'commander';
import { MigrationError } from '../errors.ts';
import type { ParityReport } from '../parity/parity-report.ts';
import { bar, type Output, withProgress } from '../progress.ts';
import { resourceNamed } from '../resources/resources.ts';
import type { Operation, Verb } from '../worker/operations.ts';
import type { VerbOptions } from '../worker/worker.ts';
import { parityReportText, statusText } from './status-text.ts';
import { type WorkerClient, workerClient } from './worker-client.ts';

export interface CommandParts {
  env: NodeJS.ProcessEnv;
  output: Output;
  /** Sets the exit code of the command. */
  exit(code: number): void;
}

/** The commands that the running worker carries out. */
export function addWorkerCommands(program: Command, parts: CommandParts): void {
  const { env, output, exit } = parts;

  program
    .command('status')
    .description('one line a resource: owner, state, lag, parity, and the reason where something is wrong')
    .option('--watch', 'again every second, until Ctrl-C')
    .option('--json', 'print as one line of JSON')
    .action(async ({ watch, json }: { watch?: boolean; json?: boolean }) => {
      const client = workerClient(env);
      const show = async () => {
        const all = await client.status();
        output.out(`${json ? JSON.stringify(all) : statusText(all)}\n`);
        return all.some(({ failure, parked, alarm }) => failure !== null || parked.count > 0 || alarm !== null);
      };
      if (!watch) return exit((await show()) ? 1 : 0);
      const stop = new AbortController();
      process.once('SIGINT', () => stop.abort());
      while (!stop.signal.aborted) {
        if (output.interactive) output.out('\x1b[2J\x1b[H');
        await show();
        await pause(1_000, undefined, { signal: stop.signal }).catch(() => {});
      }
    });

  program
    .command('backfill <resource>')
    .description(
      'copy everything to the service, and keep it in step from then on; goes on where an earlier run stopped, ' +
        'and compares both sides at the end',
    )
    .option('--full', 'from the first aggregate, also after a store was restored from a backup')
    .option('--json', 'print the report as one line of JSON')
    .action((resource: string, { full, json }: { full?: boolean; json?: boolean }) =>
      run(parts, resource, 'backfill', { full: full === true }, json),
    );

  program
    .command('parity <resource>')
    .description('compare both sides by digests; exits 1 if they differ')
    .option('--json', 'print the report as one line of JSON')
    .action((resource: string, { json }: { json?: boolean }) => run(parts, resource, 'parity', {}, json));

  program
    .command('sync <resource>')
    .description('wait until the follower has every change that the owner had at the call; exits 1 with the reason')
    .action(async (resource: string) => {
      resourceNamed(resource);
      const client = workerClient(env);
      // A resource without a follower is settled at once, which is what the mesh wants and would mislead people.
      const status = (await client.status()).find((one) => one.resource === resource);
      if (!status?.backfill) {
        throw new MigrationError('not_attached', `${resource} is not under way: run backfill ${resource} first`);
      }
      await client.settle(resource);
      output.out(`${resource}: both sides are in step\n`);
    });

  program
    .command('repair <resource>')
    .description('send what differs once more, and compare again; `parity` shows it first')
    .option('--json', 'print the report as one line of JSON')
    .action((resource: string, { json }: { json?: boolean }) => run(parts, resource, 'repair', {}, json));

  program
    .command('switch <resource>')
    .description('change the owner while requests go on; undone if anything fails before the new side owns it')
    .addArgument(new Argument('[target]', 'who owns it afterwards').choices(['service', 'monolith']).default('service'))
    .option('--json', 'print the result as one line of JSON')
    .action((resource: string, target: VerbOptions['target'], { json }: { json?: boolean }) =>
      run(parts, resource, 'switch', target ? { target } : {}, json),
    );

  program
    .command('detach <resource>')
    .description('give a resource up: the monolith must own it; leaves nothing behind in its database')
    .action((resource: string) => run(parts, resource, 'detach', {}, false));
}

/** Carries out an operation in the worker, with its progress, and prints what it ended with. */
async function run(
  { env, output, exit }: CommandParts,
  resource: string,
  verb: Verb,
  options: VerbOptions,
  json = false,
): Promise<void> {
  resourceNamed(resource);
  const client = workerClient(env);
  const operation = await followed(client, resource, verb, options, output, json);
  if (operation.state === 'running') {
    output.out(`${verb} of ${resource} goes on in the worker: see status\n`);
    return;
  }
  if (json) output.out(`${JSON.stringify(operation.result)}\n`);
  else if (operation.state === 'done') output.out(`${resultText(resource, verb, operation.result)}\n`);
  if (operation.state === 'failed') {
    if (json) return exit(1);
    throw new MigrationError('refused', String(operation.result));
  }
  if (!succeeded(operation.result)) exit(1);
}

function followed(
  client: WorkerClient,
  resource: string,
  verb: Verb,
  options: VerbOptions,
  output: Output,
  json: boolean,
): Promise<Operation> {
  return withProgress(`${verb} ${resource}`, output, json, (show, signal) =>
    client.carryOut(
      resource,
      verb,
      options,
      ({ step, done, total }) => show(total > 0 ? bar(done, total) : (step ?? '')),
      signal,
    ),
  );
}

const succeeded = (result: unknown): boolean => {
  const { clean = true, switched = true } = (result ?? {}) as { clean?: boolean; switched?: boolean };
  return clean && switched;
};

function resultText(resource: string, verb: Verb, result: unknown): string {
  if (verb === 'detach') return `${resource}: detached`;
  if (verb === 'switch') {
    const { switched, reason } = result as { switched: boolean; reason: string | null };
    return switched ? `${resource}: switched` : `${resource}: not switched, everything is as it was: ${reason}`;
  }
  return parityReportText(result as ParityReport);
}
