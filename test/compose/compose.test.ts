import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
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
  const brand = `Survivor ${Date.now()}`;

  async function up(...flags: string[]): Promise<void> {
    await project.compose('up', '--detach', ...flags);
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
    await up('--build');
    const file = '/var/lib/banyan/credentials/clients.json';
    const text = await project.compose('run', '--rm', '--no-deps', '--entrypoint', 'cat', 'seed', file);
    [client] = (JSON.parse(text) as { clients: [Client] }).clients;
  });

  after(async () => {
    if (project !== undefined) await project.remove();
  });

  test('a token is bought through the mesh, from the monolith at first', async () => {
    const bearer = await token('implicit');
    assert.match(bearer, /^[0-9a-f]{40}$/);
    await call('/v2/products', bearer);
  });

  test('our processes run as a user without rights, within limits that fit', async () => {
    for (const [name, { Config, HostConfig, State }] of Object.entries(await project.containers())) {
      assert.ok(HostConfig.Memory > 0, `${name} has a memory limit`);
      assert.equal(State.OOMKilled, false, name);
      if (name !== 'postgres') assert.equal(Config.User, 'node', name);
    }
  });

  test('a weight moves the token route to auth, and the monolith takes its tokens', async () => {
    await project.compose('exec', '-T', 'mesh', 'node', 'mesh/src/main.ts', 'shift', 'token', 'auth=100');
    const fromAuth = async () => (await token('client_credentials')).split('.').length === 3;
    await until('tokens come from auth', fromAuth, { limitMs: 30_000, everyMs: 200 });
    const bearer = await token('client_credentials');
    await call('/v2/brands', bearer, {
      data: { type: 'brand', name: brand, slug: brand.replaceAll(' ', '-'), status: 'live' },
    });
    assert.ok((await brands(bearer)).includes(brand));
  });

  test('data and weights survive down and up', async () => {
    await project.compose('down');
    assert.deepEqual(await project.containers(), {});
    await up();
    const bearer = await token('client_credentials');
    assert.equal(bearer.split('.').length, 3, 'the weight is still on auth');
    assert.ok((await brands(bearer)).includes(brand));
  });
});
