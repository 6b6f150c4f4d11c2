import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { root } from '../architecture/sources.ts';
import { commandsOf, inDocker, missingLine, stepsOf } from '../guide/steps.ts';
import { until } from '../support/until.ts';
import { type Container, findCompose, Project } from './project.ts';

const compose = findCompose();
const skip = 'missing' in compose ? compose.missing : false;

/** From built images to healthy: filling the databases, on a small machine. */
const upLimitMs = 240_000;

interface Client {
  client_id: string;
  client_secret: string;
}

describe('docker-compose.yml, run by Docker', { skip, concurrency: false }, () => {
  let project: Project;
  let client: Client;
  let folder = '';
  const brand = `Survivor ${Date.now()}`;

  async function up(flags: readonly string[], env: Record<string, string> = {}): Promise<void> {
    await project.composeWith(env, 'up', '--detach', ...flags);
    const settled = async () => {
      const all = Object.entries(await project.containers());
      const failed = all.filter(
        ([, one]) => one.RestartCount > 3 || (one.State.Status === 'exited' && one.State.ExitCode !== 0),
      );
      assert.deepEqual(
        failed.map(([name]) => name),
        [],
        'these do not come up',
      );
      const quiet = ({ State }: Container) => State.Health?.Status === 'healthy' || State.Status === 'exited';
      return all.length > 0 && all.every(([, container]) => quiet(container));
    };
    const done = until('every process is healthy and every task is done', settled, {
      limitMs: upLimitMs,
      everyMs: 500,
    });
    await done.catch(async (error: unknown) => {
      console.error(await project.compose('logs', '--no-color', '--tail', '20').catch(String));
      throw error;
    });
  }

  async function token(grant: string): Promise<string> {
    const body = new URLSearchParams({ grant_type: grant, client_id: client.client_id });
    if (grant === 'client_credentials') body.set('client_secret', client.client_secret);
    const reply = await fetch(`${project.urls.edge}/oauth/access_token`, { method: 'POST', body });
    const text = await reply.text();
    assert.equal(reply.status, 200, text);
    return (JSON.parse(text) as { access_token: string }).access_token;
  }

  async function call(
    path: string,
    bearer: string,
    body?: object,
  ): Promise<{ data: { name: string }[] | { name: string } }> {
    const reply = await fetch(`${project.urls.edge}${path}`, {
      headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    });
    const text = await reply.text();
    assert.ok(reply.ok, `${reply.status} ${text}`);
    return JSON.parse(text);
  }

  async function brands(bearer: string): Promise<string[]> {
    const { data } = await call('/v2/brands?page[limit]=100', bearer);
    return Array.isArray(data) ? data.map(({ name }) => name) : [];
  }

  before(async () => {
    if ('missing' in compose) return;
    project = await Project.create(compose.command);
    folder = mkdtempSync(join(tmpdir(), 'banyan-compose-'));
    await up(['--build'], { STAGE: 'monolith' });
    await readClient();
  });

  /** The seed's first API client, which may use both grants. */
  async function readClient(): Promise<void> {
    const file = '/var/lib/banyan/credentials/clients.json';
    const text = await project.compose('run', '--rm', '--no-deps', '-T', '--entrypoint', 'cat', 'seed', file);
    [client] = (JSON.parse(text) as { clients: [Client] }).clients;
  }

  after(async () => {
    if (folder !== '') rmSync(folder, { recursive: true, force: true });
    if (project !== undefined) await project.remove();
  });

  test('with STAGE=monolith, a token request goes through the mesh to the monolith', async () => {
    const bearer = await token('implicit');
    assert.match(bearer, /^[0-9a-f]{40}$/);
    await call('/v2/products', bearer);
  });

  test('our processes run as an unprivileged user, within fitting limits', async () => {
    const stores = ['postgres', 'mariadb', 'redis', 'rabbitmq'];
    for (const [name, { Config, HostConfig, State }] of Object.entries(await project.containers())) {
      assert.ok(HostConfig.Memory > 0, `${name} has a memory limit`);
      assert.equal(State.OOMKilled, false, name);
      if (!stores.includes(name)) assert.equal(Config.User, 'node', name);
    }
  });

  describe('the guide, with Docker alone', { concurrency: false }, () => {
    const chapter = readFileSync(join(root, 'docs/guide/01-extracting-authentication.md'), 'utf8');
    const { steps, docker } = stepsOf(chapter);
    const translate = inDocker(chapter);
    for (const commands of docker) {
      test(commands.split('\n')[0] ?? '', async () => {
        const { code, output } = await project.shell(commands, folder);
        assert.equal(code, 0, output);
      });
    }
    for (const { title, commands, sees } of steps) {
      test(`${title}: ${translate(commands).split('\n')[0]}`, async () => {
        const { code, output } = await project.shell(translate(commands), folder, { CREDENTIALS: 'clients.json' });
        assert.deepEqual([code, missingLine(sees, output)], [0, null], output);
      });
    }
  });

  describe('the commands of README.md, with Docker alone', { concurrency: false }, () => {
    const all = commandsOf(readFileSync(join(root, 'README.md'), 'utf8'), ['docker compose']);
    // These two are what `before` and `after` do.
    const commands = all.filter((command) => !/ (up|down)( |$)/.test(command));

    test('there are some of each', () => {
      for (const word of [
        'shift',
        'status',
        'run --rm load token',
        'token.html',
        'seed',
        'stage monolith',
        'stage services',
        'parity',
      ]) {
        assert.ok(
          commands.some((command) => command.includes(word)),
          word,
        );
      }
    });

    for (const command of commands) {
      test(command, async () => {
        // Smaller, and of another seed, so that every API client is another one.
        const { code, output } = await project.shell(command.replace('reference', 'small --seed 2'), folder);
        // The verdict is about the machine; that a page was written is what the next command shows.
        if (command.includes('run --rm load')) assert.match(output, /The verdict .*\n.*\n.*token\.html/s);
        else assert.equal(code, 0, output);
      });
    }

    test('the report of the load test is copied from its volume, with all four ways to a token', () => {
      const page = readFileSync(join(folder, 'token.html'), 'utf8');
      assert.match(page, /^<!doctype html>/i);
      for (const name of ['legacy', 'tuned', 'extracted', 'extracted-direct']) assert.ok(page.includes(name), name);
    });

    test('every resource is on its service after the last stage', async () => {
      const text = await project.compose('run', '--rm', '-T', 'migration', 'stage', 'services', '--json');
      const { resources } = JSON.parse(text) as { resources: { at: string; moved: boolean }[] };
      assert.ok(resources.length > 1 && resources.every(({ at, moved }) => at === 'service' && !moved), text);
    });

    test('the API client of the new seed gets its tokens', async () => {
      const before = client.client_id;
      await readClient();
      assert.notEqual(client.client_id, before);
      await token('client_credentials');
    });
  });

  test('a weight moves the token route to auth, and the monolith accepts its tokens', async () => {
    await project.compose('exec', '-T', 'mesh', 'mesh', 'shift', 'token', 'auth=100');
    const fromAuth = async () => (await token('client_credentials')).split('.').length === 3;
    await until('tokens come from auth', fromAuth, { limitMs: 30_000, everyMs: 200 });
    const bearer = await token('client_credentials');
    await call('/v2/brands', bearer, {
      data: { type: 'brand', name: brand, slug: brand.replaceAll(' ', '-'), status: 'live' },
    });
    assert.ok((await brands(bearer)).includes(brand));
  });

  test('data and weights survive down and up', async () => {
    await project.compose('--profile', 'load', 'down');
    assert.deepEqual(await project.containers(), {});
    await up([]);
    const bearer = await token('client_credentials');
    assert.equal(bearer.split('.').length, 3, 'the weight is still on auth');
    assert.ok((await brands(bearer)).includes(brand));
  });
});
