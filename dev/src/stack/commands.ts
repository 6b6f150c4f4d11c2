import { DevError, messageOf } from '../errors.ts';
import type { CommandLine } from './processes.ts';
import type { StackStatus } from './status.ts';

/** The response to a command; `command` and `process` repeat the request. */
export interface Reply {
  event: 'reply' | 'error';
  command: string;
  process?: string;
  message?: string;
  code?: string;
  status?: StackStatus;
  line?: CommandLine;
}

/** The part of a stack that commands use. */
export interface Commandable {
  status(): StackStatus;
  statusWithPlaces(): Promise<StackStatus>;
  start(name: string, env: Readonly<Record<string, string | null>>): Promise<void>;
  stopProcess(name: string): Promise<void>;
  restart(name: string, env: Readonly<Record<string, string | null>>): Promise<void>;
  kill(name: string): Promise<void>;
  cloneDatabase(from: string, to: string): Promise<void>;
  commandLine(name: string, args?: readonly string[]): CommandLine;
  stop(): Promise<void>;
}

type Body = Readonly<Record<string, unknown>>;

const commands: Record<string, (stack: Commandable, body: Body) => Promise<Partial<Reply>>> = {
  status: async (stack) => ({ status: await stack.statusWithPlaces() }),
  start: async (stack, body) => done(stack.start(name(body), env(body))),
  stop: async (stack, body) => (body.process === undefined ? stopSoon(stack) : done(stack.stopProcess(name(body)))),
  restart: async (stack, body) => done(stack.restart(name(body), env(body))),
  kill: async (stack, body) => done(stack.kill(name(body))),
  'clone-database': async (stack, body) => done(stack.cloneDatabase(text(body, 'from'), text(body, 'to'))),
  'command-line': async (stack, body) => ({
    line: stack.commandLine(name(body), Array.isArray(body.args) ? body.args.map(String) : undefined),
  }),
};

/** Carries out one line of the control protocol. Never rejects: a failure is a reply too. */
export async function carryOut(stack: Commandable, line: string): Promise<Reply> {
  let body: Body = {};
  try {
    const parsed: unknown = JSON.parse(line);
    if (typeof parsed !== 'object' || parsed === null) throw new DevError('bad_command', 'a command is a JSON object');
    body = parsed as Body;
    const run = commands[String(body.command)];
    if (run === undefined) {
      throw new DevError('bad_command', `command must be one of ${Object.keys(commands).join(', ')}`);
    }
    return { event: 'reply', ...about(body), ...(await run(stack, body)) };
  } catch (error) {
    const code =
      error instanceof DevError ? error.code : error instanceof SyntaxError ? 'bad_command' : 'command_failed';
    return { event: 'error', ...about(body), code, message: messageOf(error) };
  }
}

function about(body: Body): { command: string; process?: string } {
  const command = typeof body.command === 'string' ? body.command : '';
  return typeof body.process === 'string' ? { command, process: body.process } : { command };
}

async function done(work: Promise<void>): Promise<Partial<Reply>> {
  await work;
  return {};
}

/** Does not wait for the launcher's end: the reply must be sent before the socket closes. */
async function stopSoon(stack: Commandable): Promise<Partial<Reply>> {
  setImmediate(() => void stack.stop());
  return { status: stack.status() };
}

const name = (body: Body) => text(body, 'process');

function text(body: Body, key: string): string {
  const value = body[key];
  if (typeof value !== 'string' || value === '') throw new DevError('bad_command', `${key} must be a name`);
  return value;
}

function env(body: Body): Record<string, string | null> {
  if (body.env === undefined) return {};
  if (typeof body.env !== 'object' || body.env === null) throw new DevError('bad_command', 'env must be an object');
  return Object.fromEntries(
    Object.entries(body.env).map(([key, value]) => [key, value === null ? null : String(value)]),
  );
}
