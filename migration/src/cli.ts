import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { type BackfillReport, backfill } from './backfill.ts';
import { type ParityReport, parity } from './client-parity.ts';
import { addStageCommand } from './commands/stage-command.ts';
import { addWorkerCommands, type CommandParts, run as runInWorker } from './commands/worker-commands.ts';
import { MigrationError, messageOf } from './errors.ts';
import { mappingNamed, mappings } from './mappings/mappings.ts';
import { type Output, withProgress } from './progress.ts';
import { backfillText, bar, parityText } from './report.ts';
import { resources } from './resources/resources.ts';
import { openSides, type Sides } from './sides.ts';

interface Common {
  from?: string;
  to?: string;
  json?: boolean;
}

interface BackfillArguments extends Common {
  full?: boolean;
  dryRun?: boolean;
  prune?: boolean;
  chunk: number;
}

/**
 * Runs the command line.
 *
 * @returns the exit code: 0 success and equal sides, 1 failure, refused rows or differences, 2 usage error
 */
export async function run(args: readonly string[], env: NodeJS.ProcessEnv, output: Output): Promise<number> {
  let exitCode = 0;
  const program = new Command('migrate')
    .description('Moves data from the monolith to the services that take it over. Every command may be repeated.')
    .exitOverride()
    .configureOutput({ writeOut: output.out, writeErr: output.error });

  const parts: CommandParts = {
    env,
    output,
    exit: (code) => {
      exitCode = code;
    },
  };
  const common = (command: Command) =>
    command
      .argument('<name>', 'what to move: see `list`')
      .option('--from <url>', 'database to read; default: the environment variable of the mapping')
      .option('--to <url>', 'database of the service; default: the environment variable of the mapping')
      .option('--json', 'print the report as one line of JSON');

  common(program.command('backfill'))
    .description(
      'copy rows that changed since the last finished run, then compare both sides and copy what still differs; ' +
        'continues an unfinished run',
    )
    .option('--full', 'read every row')
    .option('--prune', 'first delete records that the source does not have')
    .option('--dry-run', 'show the result and roll back every change')
    .option('--chunk <rows>', 'rows in one transaction', wholeNumber, 500)
    .action(async (name: string, options: BackfillArguments) => {
      if (isResource(name)) return runInWorker(parts, name, 'backfill', { full: options.full === true }, options.json);
      const report = await onBothSides(name, options, env, (sides) => runBackfill(name, sides, options, output));
      output.out(`${options.json ? JSON.stringify(report) : backfillText(report)}\n`);
      if (report.refused > 0 || !report.finished) exitCode = 1;
    });

  common(program.command('parity'))
    .description('compare both sides by digests; the exit code is 1 if they differ')
    .action(async (name: string, options: Common) => {
      if (isResource(name)) return runInWorker(parts, name, 'parity', {}, options.json);
      const report = await onBothSides(name, options, env, (sides) => runParity(name, sides, options, output));
      output.out(`${options.json ? JSON.stringify(report) : parityText(report)}\n`);
      if (!report.equal) exitCode = 1;
    });

  program
    .command('list')
    .description('list what can move')
    .action(() => {
      for (const { name, summary, service } of resources) {
        output.out(`${name.padEnd(16)}${summary} (to the ${service} service, by the worker)\n`);
      }
      for (const { name, summary, source, target } of mappings) {
        output.out(`${name.padEnd(16)}${summary} (${source.variable} to ${target.variable})\n`);
      }
    });

  addWorkerCommands(program, parts);
  addStageCommand(program, parts);

  try {
    await program.parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (error) {
    // Commander has already written its message. Its exit code is 0 for --help.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    // The message alone: a driver's error carries the row that it is about.
    output.error(`migrate: ${messageOf(error)}\n`);
    return error instanceof MigrationError && error.code === 'bad_arguments' ? 2 : 1;
  }
}

const isResource = (name: string) => resources.some((resource) => resource.name === name);

async function onBothSides<Report>(
  name: string,
  options: Common,
  env: NodeJS.ProcessEnv,
  work: (sides: Sides) => Promise<Report>,
): Promise<Report> {
  const sides = openSides(mappingNamed(name), options, env);
  try {
    return await work(sides);
  } finally {
    await sides.close();
  }
}

function runBackfill(name: string, sides: Sides, options: BackfillArguments, output: Output): Promise<BackfillReport> {
  const { chunk, full = false, dryRun = false, prune = false } = options;
  const title = `backfill ${name}${dryRun ? ' (dry run)' : ''}`;
  return withProgress(title, output, options.json === true, (show, signal) =>
    backfill(mappingNamed(name), sides, {
      chunk,
      full,
      dryRun,
      prune,
      signal,
      onProgress: ({ read, total }) => show(bar(read, total)),
    }),
  );
}

function runParity(name: string, sides: Sides, options: Common, output: Output): Promise<ParityReport> {
  return withProgress(`parity ${name}`, output, options.json === true, () => parity(mappingNamed(name), sides));
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 10_000) {
    throw new InvalidArgumentError('a whole number from 1 to 10000');
  }
  return value;
}
