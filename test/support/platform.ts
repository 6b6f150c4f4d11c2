import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { type Stack, type StackOptions, startStack } from '@banyan/dev';

const run = promisify(execFile);

/** One API client of the seed. */
export interface SeededClient {
  client_id: string;
  client_secret: string;
  name: string;
  kind: string;
}

/** A platform for one test: real processes and stores, with ports and data folders of its own. */
export interface Platform {
  stack: Stack;
  /** What `BANYAN_STACK` must be for commands that look for the running stack. */
  stackName: string;
  /** The edge: what customers see. */
  edge: string;
  admin: string;
  monolith: string;
  auth: string;
  /** An API client that may use both grants. */
  client: SeededClient;
  /** Every API client of the seed. */
  clients: readonly SeededClient[];
  stop(): Promise<void>;
}

export type StageName = 'services' | 'monolith';

/**
 * Brings the platform up on the small data set.
 *
 * @param stage where every resource is put; as for people, on its service by default
 * @param options instead of those of a test's stack
 * @throws Error when one of its processes is unavailable
 */
export async function startPlatform(stage?: StageName, options: StackOptions = {}): Promise<Platform> {
  const stackName = `test-${randomUUID().slice(0, 8)}`;
  const stack = await startStack({
    stack: stackName,
    ports: 'auto',
    size: 'small',
    ...(stage ? { stage } : {}),
    throwaway: true,
    ...options,
  });
  try {
    const { processes } = stack;
    for (const name of ['monolith', 'auth', 'mesh']) {
      const process = processes[name];
      if (process?.state !== 'ready') throw new Error(`${name} is ${process?.state}: ${process?.reason}`);
    }
    if (stack.credentials === null) throw new Error('the seed left no credentials');
    const { clients } = JSON.parse(readFileSync(stack.credentials, 'utf8')) as { clients: SeededClient[] };
    return {
      stack,
      stackName,
      edge: urlOf(stack, 'mesh', 'edge'),
      admin: urlOf(stack, 'mesh', 'admin'),
      monolith: processes.monolith!.url,
      auth: processes.auth!.url,
      client: clients[0]!,
      clients,
      stop: () => stack.stop(),
    };
  } catch (error) {
    await stack.stop();
    throw error;
  }
}

/**
 * Puts every resource where the stage wants it, as `npm run migrate` does; without a stage, as a start does.
 * @throws Error with what it printed
 */
export async function enterStage({ stack }: Platform, stage?: StageName): Promise<void> {
  const { file, args, cwd, env } = stack.commandLine('migration', ['stage', ...(stage ? [stage] : [])]);
  await run(file, args, { cwd, env });
}

function urlOf(stack: Stack, process: string, name: string): string {
  const url = stack.processes[process]?.urls[name];
  if (url === undefined) throw new Error(`${process} has no URL called ${name}`);
  return url;
}

/** Moves the token route: the auth service's weight in percent, the monolith gets the rest. */
export async function shiftToken(platform: Platform, authWeight: number): Promise<void> {
  const response = await fetch(`${platform.admin}/routes/token/weights`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ weights: { auth: authWeight }, who: 'test', why: 'a step of the test' }),
  });
  if (!response.ok) throw new Error(`shift to ${authWeight}: ${response.status} ${await response.text()}`);
}

/** The fields of a token request, in the order in which the client sends them. */
export function tokenForm(client: SeededClient, grant: 'implicit' | 'client_credentials'): URLSearchParams {
  return new URLSearchParams({
    grant_type: grant,
    client_id: client.client_id,
    ...(grant === 'client_credentials' ? { client_secret: client.client_secret } : {}),
  });
}

export interface Token {
  access_token: string;
  token_type: string;
  expires: number;
  expires_in: number;
  identifier: string;
}

/** Asks `url` for a token. @throws Error with the status and body of a refusal. */
export async function askToken(
  url: string,
  client: SeededClient,
  grant: 'implicit' | 'client_credentials' = 'client_credentials',
): Promise<Token> {
  const response = await fetch(`${url}/oauth/access_token`, { method: 'POST', body: tokenForm(client, grant) });
  if (!response.ok) throw new Error(`token: ${response.status} ${await response.text()}`);
  return (await response.json()) as Token;
}
