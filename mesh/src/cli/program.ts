import { userInfo } from 'node:os';
import { Command } from 'commander';
import { check } from '../config/check.ts';
import { DocumentsError } from '../run.ts';
import { documentPaths } from '../settings.ts';
import { adminClient, defaultAdminUrl } from './admin-client.ts';
import { MeshCliError } from './error.ts';
import { errors } from './errors.ts';
import { explainOne, explainStack } from './explain.ts';
import { type HoldOptions, hold, release } from './hold.ts';
import { journal } from './journal.ts';
import type { Output } from './output.ts';
import { policy } from './policy.ts';
import { restart } from './restart.ts';
import { run } from './run.ts';
import { shift } from './shift.ts';
import { stats } from './stats.ts';
import { status } from './status.ts';
import { type TapOptions, tap } from './tap.ts';
import { listTraces, showTrace } from './traces.ts';

/** Runs one command line. Resolves with the exit code. @param env settings, and variables of documents */
export async function main(
  argv: readonly string[],
  output: Output,
  env: NodeJS.ProcessEnv = process.env,
): Promise<number> {
  let code = 0;
  const admin = () => adminClient(env.MESH_ADMIN_URL || defaultAdminUrl, env.MESH_ADMIN_TOKEN || undefined);
  const program = new Command('mesh')
    .description('A service mesh configured with Kubernetes Gateway API documents.')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => output.out(text.trimEnd()),
      writeErr: (text) => output.err(text.trimEnd()),
    })
    .addHelpText('after', '\nCommands that query a running mesh find it by MESH_ADMIN_URL and send MESH_ADMIN_TOKEN.');

  program
    .command('run')
    .description('run the mesh until SIGTERM')
    .option(
      '--workers <count>',
      'processes that share the data ports (default: MESH_WORKERS, or 0 for a mesh of one process)',
    )
    .action((options: { workers?: string }) => run(options, env));

  program
    .command('restart')
    .description('replace the worker processes one after the other, without losing a request')
    .option('--why <text>', 'for the journal', '')
    .option('--who <name>', 'for the journal', userName())
    .option('--json', 'as JSON')
    .action(async ({ json = false, ...by }: { who: string; why: string; json?: boolean }) =>
      restart(admin(), { ...by, json }, output),
    );

  program
    .command('check')
    .description('check documents and print all faults; exits 1 if there is one')
    .argument('[paths...]', 'files, folders and patterns (default: MESH_DOCUMENTS)')
    .option('--strict', 'also exit 1 if a reference is unresolved')
    .option('--json', 'as JSON')
    .action(async (paths: string[], { json = false, strict = false }: { json?: boolean; strict?: boolean }) => {
      const asked = paths.length > 0 ? paths : documentPaths(env.MESH_DOCUMENTS ?? '');
      const outcome = await check({ paths: asked, json, strict, variables: env });
      output.out(outcome.output);
      code = outcome.exitCode;
    });

  program
    .command('explain')
    .description('print the running layers, or where a request would go and why')
    .argument('[method]', 'as in: mesh explain POST /oauth/access_token')
    .argument('[target]', 'a path, or a URL if the host matters')
    .option('--entrance <name>', 'a Gateway, gateway:port, or internal')
    .option('--client <address>', 'address of the client, for overrides')
    .option('--header <field>', 'name:value, repeatable', (field: string, before: string[]) => [...before, field], [])
    .option('--json', 'as JSON')
    .action(
      async (
        method: string | undefined,
        target: string | undefined,
        options: { entrance?: string; client?: string; header: string[]; json?: boolean },
      ) => {
        const json = options.json ?? false;
        if (method === undefined) await explainStack(admin(), json, output);
        else if (target === undefined) await explainOne(admin(), 'GET', method, { ...options, json }, output);
        else await explainOne(admin(), method, target, { ...options, json }, output);
      },
    );

  program
    .command('policy')
    .description('print the policy in force for a Service or an HTTPRoute, and which document gives each value')
    .argument('<name>', 'of the Service, of the HTTPRoute, or of both')
    .option('--json', 'as JSON')
    .action(async (name: string, { json = false }: { json?: boolean }) => policy(admin(), name, json, output));

  program
    .command('shift')
    .description('set weights; services that are not named share the rest up to 100')
    .argument('<route>', 'name of an HTTPRoute (all its rules that have these services), or route/rule')
    .argument('<weights...>', 'service=weight')
    .option('--why <text>', 'for the journal', '')
    .option('--who <name>', 'for the journal', userName())
    .option('--if-match <etag>', 'refuse (412) if the route has changed since')
    .option('--json', 'as JSON')
    .action(
      async (
        route: string,
        weights: string[],
        { json = false, ...options }: { why: string; who: string; ifMatch?: string; json?: boolean },
      ) => shift(admin(), route, weights, { ...options, json }, output),
    );

  program
    .command('hold')
    .description('let new requests of a rule wait, so that it can be moved; returns when every worker holds them')
    .argument('<route>', 'name of an HTTPRoute (all its rules), or route/rule')
    .option('--for <duration>', 'the hold ends by itself after this', '5s')
    .option('--max <requests>', 'requests that may wait; more go on', '1000')
    .option('--wait <duration>', 'wait until the requests in flight have ended; exits 1 if they have not')
    .option('--why <text>', 'for the journal', '')
    .option('--who <name>', 'for the journal', userName())
    .option('--json', 'as JSON')
    .action(async (target: string, { json = false, ...options }: Omit<HoldOptions, 'json'> & { json?: boolean }) =>
      hold(admin(), target, { ...options, json }, output),
    );

  program
    .command('release')
    .description('let the requests that a hold keeps waiting go on')
    .argument('<route>', 'as it was held')
    .option('--why <text>', 'for the journal', '')
    .option('--who <name>', 'for the journal', userName())
    .option('--json', 'as JSON')
    .action(async (target: string, { json = false, ...by }: { who: string; why: string; json?: boolean }) =>
      release(admin(), target, { ...by, json }, output),
    );

  program
    .command('status')
    .description('print routes with their weights, services with their endpoints')
    .option('--json', 'as JSON')
    .action(async ({ json = false }: { json?: boolean }) => status(admin(), json, output));

  program
    .command('stats')
    .description('print success rate, rate and latencies of the last minute, effective beside actual')
    .option('--json', 'as JSON')
    .action(async ({ json = false }: { json?: boolean }) => stats(admin(), json, output));

  program
    .command('errors')
    .description('print the failures, latest first: what fails, where and why')
    .option('--limit <groups>', 'maximum number of groups', '50')
    .option('--json', 'as JSON')
    .action(async ({ json = false, limit }: { json?: boolean; limit: string }) => errors(admin(), limit, json, output));

  program
    .command('journal')
    .description('print the changes, latest first: what changed, when, by whom and why')
    .option('--limit <entries>', 'maximum number of entries', '20')
    .option('--json', 'as JSON')
    .action(async ({ json = false, limit }: { json?: boolean; limit: string }) =>
      journal(admin(), limit, json, output),
    );

  program
    .command('tap')
    .description('show requests as they end, until interrupted')
    .option('--route <name>', 'an HTTPRoute')
    .option('--service <name>', 'a Service')
    .option('--endpoint <host:port>', 'endpoint of the last attempt')
    .option('--method <method>')
    .option('--path <prefix>', 'prefix of the path')
    .option('--status <status>', 'as in 503, or 5xx')
    .option('--min-ms <ms>', 'only requests that took at least this long')
    .option('--failed', 'failures only')
    .option('--per-second <lines>', 'maximum number of lines per second')
    .option('--count <requests>', 'end after this many requests')
    .option('--json', 'one JSON object per line')
    .action(async ({ json = false, ...options }: Omit<TapOptions, 'json'> & { json?: boolean }) => {
      const stop = new AbortController();
      const interrupted = () => stop.abort();
      process.once('SIGINT', interrupted);
      process.once('SIGTERM', interrupted);
      try {
        await tap(admin(), { ...options, json }, stop.signal, output);
      } finally {
        process.off('SIGINT', interrupted);
        process.off('SIGTERM', interrupted);
      }
    });

  const traces = program.command('traces').description('print what happened to a request, in the mesh and in services');
  traces
    .command('list')
    .description('print the last requests through the mesh with the ids of their traces, latest first')
    .option('--limit <requests>', 'maximum number of requests', '20')
    .option('--json', 'as JSON')
    .action(async ({ json = false, limit }: { json?: boolean; limit: string }) =>
      listTraces(admin(), limit, json, output),
    );
  traces
    .command('show')
    .description('print one trace as a tree: mesh, services, facts that are published and consumed')
    .argument('<id>', 'of the trace')
    .option('--json', 'as JSON')
    .action(async (id: string, { json = false }: { json?: boolean }) => showTrace(admin(), id, json, output));

  try {
    await program.parseAsync(argv, { from: 'user' });
  } catch (thrown) {
    code = report(thrown, output);
  }
  return code;
}

function report(thrown: unknown, { err }: Output): number {
  if (thrown instanceof MeshCliError) {
    err(thrown.message);
    err(thrown.next);
    return 1;
  }
  if (thrown instanceof DocumentsError) {
    err(thrown.message);
    err('`mesh check` prints the same without starting anything.');
    return 1;
  }
  const { code, message, exitCode } = thrown as { code?: string; message?: string; exitCode?: number };
  // commander has printed help or its own complaint already.
  if (code?.startsWith('commander.')) return exitCode ?? 1;
  if (code === 'EADDRINUSE') {
    err(`${message}`);
    err('Another process has that port: EDGE_PORT, INTERNAL_PORT and MESH_ADMIN_PORT choose others.');
    return 1;
  }
  err(message ?? String(thrown));
  return 1;
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return 'unknown';
  }
}
