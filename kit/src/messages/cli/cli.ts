import { Command, CommanderError, InvalidArgumentError } from 'commander';
import type { DeadLetter } from '../dead-letter.ts';
import { type DeadQueue, withDeadQueue } from './dead-queue.ts';

export interface Output {
  out(text: string): void;
  error(text: string): void;
}

interface Common {
  url?: string;
  prefix?: string;
  limit: number;
  json?: boolean;
}

type Letter = DeadQueue['letters'][number];

const defaultUrl = 'amqp://guest:guest@127.0.0.1:5672';

/**
 * Runs the command line.
 *
 * @returns the exit code: 0 success, 1 failure or a message that is not there, 2 usage error
 */
export async function run(args: readonly string[], env: NodeJS.ProcessEnv, output: Output): Promise<number> {
  let exitCode = 0;
  const program = new Command('messages')
    .description(
      'Messages that a consumer could not handle. A message is named by the id of its event; the beginning is enough.',
    )
    .exitOverride()
    .configureOutput({ writeOut: output.out, writeErr: output.error });

  const command = (name: string, description: string) =>
    program
      .command(name)
      .description(description)
      .option('--url <url>', 'the broker; default: RABBITMQ_URL, otherwise the broker on this machine')
      .option('--prefix <text>', 'of the names of queues and exchanges')
      .option('--limit <messages>', 'look at the oldest messages only', wholeNumber, 1_000)
      .option('--json', 'print JSON, one message a line');
  const withQueue = (options: Common, work: (queue: DeadQueue) => Promise<void>) => {
    const { prefix, limit } = options;
    const url = options.url ?? env.RABBITMQ_URL ?? defaultUrl;
    return withDeadQueue({ url, limit, ...(prefix === undefined ? {} : { prefix }) }, work);
  };
  const missing = (id: string) => {
    output.error(`no dead letter has the id ${id}\n`);
    exitCode = 1;
  };
  /** Runs `act` for the named messages, or for all. Prints what became of each. */
  const each = async (
    ids: readonly string[],
    options: Common & { all?: boolean; queue?: string },
    act: (queue: DeadQueue, one: Letter) => Promise<'resent' | 'dropped' | 'queue is gone'>,
  ) => {
    if (ids.length > 0 === (options.all === true)) throw new InvalidArgumentError('name messages, or say --all');
    await withQueue(options, async (queue) => {
      for (const id of ids) if (!queue.letters.some((one) => isNamed(one, id))) missing(id);
      const chosen = queue.letters.filter(
        (one) =>
          (options.all || ids.some((id) => isNamed(one, id))) &&
          (options.queue === undefined || options.queue === one.letter.queue),
      );
      for (const one of chosen) {
        const outcome = await act(queue, one);
        if (outcome === 'queue is gone') exitCode = 1;
        const { id, queue: from } = one.letter;
        output.out(`${options.json ? JSON.stringify({ id, queue: from, outcome }) : `${id} ${from}: ${outcome}`}\n`);
      }
      if (queue.more) output.error('there are more: repeat the command, or raise --limit\n');
    });
  };

  command('dead', 'list the messages that wait here, with the reason of each').action((options: Common) =>
    withQueue(options, async ({ letters, more }) => {
      for (const { letter } of letters) output.out(`${options.json ? JSON.stringify(letter) : lineOf(letter)}\n`);
      if (letters.length === 0 && !options.json) output.out('no dead letters\n');
      if (more) output.error('there are more: raise --limit\n');
    }),
  );
  command('show', 'print a message whole')
    .argument('<id>')
    .action((id: string, options: Common) =>
      withQueue(options, async ({ letters }) => {
        const found = letters.filter((one) => isNamed(one, id));
        if (found.length === 0) missing(id);
        for (const { letter, body } of found) {
          output.out(`${options.json ? JSON.stringify({ ...letter, body }) : `${lineOf(letter)}\n${pretty(body)}`}\n`);
        }
      }),
    );
  command('resend', 'send messages to the queue that they came from, and to no other')
    .argument('[ids...]')
    .option('--all', 'every message')
    .option('--queue <name>', 'only messages of this queue')
    .action((ids: string[], options: Common) =>
      each(ids, options, async (queue, { message }) => ((await queue.resend(message)) ? 'resent' : 'queue is gone')),
    );
  command('drop', 'delete messages: their effect on the consumer will never happen')
    .argument('[ids...]')
    .option('--all', 'every message')
    .option('--queue <name>', 'only messages of this queue')
    .action((ids: string[], options: Common) =>
      each(ids, options, async (queue, { message }) => {
        queue.drop(message);
        return 'dropped';
      }),
    );

  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return usageCode(error, output);
    output.error(`messages: ${error instanceof Error ? error.message || String(error.cause ?? error.name) : error}\n`);
    return 1;
  }
}

function usageCode(error: CommanderError, output: Output): number {
  // Thrown by an action, so commander has not printed it.
  if (error instanceof InvalidArgumentError && error.exitCode === 1) output.error(`error: ${error.message}\n`);
  return error.exitCode === 0 ? 0 : 2;
}

/** At least eight characters, so that no short beginning names many messages. */
const isNamed = ({ letter }: Letter, id: string) => letter.id === id || (id.length >= 8 && letter.id.startsWith(id));

const lineOf = ({ id, type, queue, reason, failures, at }: DeadLetter) =>
  `${id}  ${at}  ${type}  ${queue}  failures=${failures}  ${reason}`;

function pretty(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}

function wholeNumber(text: string): number {
  if (!/^\d{1,6}$/.test(text) || Number(text) === 0) throw new InvalidArgumentError('it must be a whole number from 1');
  return Number(text);
}
