import { Command, CommanderError } from 'commander';
import { addStageCommand } from './commands/stage-command.ts';
import { addWorkerCommands, type CommandParts } from './commands/worker-commands.ts';
import { MigrationError, messageOf } from './errors.ts';
import type { Output } from './progress.ts';
import { resources } from './resources/resources.ts';

/**
 * Runs the command line.
 *
 * @returns the exit code: 0 success and equal sides, 1 failure, refused changes or differences, 2 usage error
 */
export async function run(args: readonly string[], env: NodeJS.ProcessEnv, output: Output): Promise<number> {
  let exitCode = 0;
  const program = new Command('migrate')
    .description(
      'Moves data from the monolith to the services that take it over. The worker carries out every command; ' +
        'each may be repeated.',
    )
    .exitOverride()
    .configureOutput({ writeOut: output.out, writeErr: output.error });
  const parts: CommandParts = {
    env,
    output,
    exit: (code) => {
      exitCode = code;
    },
  };

  program
    .command('list')
    .description('list what can move')
    .action(() => {
      for (const { name, summary, service } of resources) {
        output.out(`${name.padEnd(16)}${summary} (to the ${service} service)\n`);
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
