import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { root } from '../architecture/sources.ts';
import { until } from '../support/until.ts';

const run = promisify(execFile);

/** One document of the page: the file that its first line names, and the heading above it. */
interface Recipe {
  step: number;
  file: string;
  yaml: string;
}

const page = readFileSync(join(root, 'docs/mesh-cookbook.md'), 'utf8');

function recipesIn(markdown: string): Recipe[] {
  let step = 0;
  const found: Recipe[] = [];
  for (const [, heading, yaml = ''] of markdown.matchAll(/^(?:## (\d+)\. .+|```yaml\n([\s\S]*?)```)$/gm)) {
    if (heading !== undefined) {
      step = Number(heading);
      continue;
    }
    const file = /^# documents\/([\w.-]+)\n/.exec(yaml)?.[1];
    assert.ok(file !== undefined, `a block of step ${step} names no file`);
    found.push({ step, file, yaml });
  }
  return found;
}

const recipes = recipesIn(page);

/** A copy of the mesh's folder as the page makes it, without the rest of the repository. */
function copied(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mesh-cookbook-'));
  cpSync(join(root, 'mesh/src'), join(folder, 'src'), { recursive: true });
  for (const file of ['package.json', 'mesh.mjs', 'newer-node.mjs'])
    cpSync(join(root, 'mesh', file), join(folder, file));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  mkdirSync(join(folder, 'documents'));
  return folder;
}

describe('the cookbook: every document', () => {
  let folder = '';
  before(() => {
    folder = copied();
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  test('there is one for each step', () => {
    assert.deepEqual([...new Set(recipes.map(({ step }) => step))], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  });

  for (const step of new Set(recipes.map((recipe) => recipe.step))) {
    test(`step ${step} is accepted where it stands, without a warning`, async () => {
      for (const { file, yaml } of recipes.filter((recipe) => recipe.step === step)) {
        writeFileSync(join(folder, 'documents', file), yaml);
      }
      const { stdout } = await run(process.execPath, ['mesh.mjs', 'check', '--json', 'documents'], { cwd: folder });
      const reply = JSON.parse(stdout) as { faults: unknown[]; warnings: unknown[] };
      assert.deepEqual([reply.faults, reply.warnings], [[], []]);
    });
  }
});

/** The requests that a service received. */
interface Got {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
}

class Upstream {
  readonly got: Got[] = [];
  /** Statuses of the next responses; 200 when the list is empty. */
  readonly statuses: number[] = [];
  healthChecks = 0;
  readonly #server: Server;

  constructor(name: string) {
    this.#server = createServer((request, response) => {
      const { method = '', url: path = '', headers } = request;
      if (path === '/health') this.healthChecks += 1;
      else this.got.push({ method, path, headers });
      response.writeHead(this.statuses.shift() ?? 200).end(name);
    });
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

describe('the promises of the cookbook', () => {
  const upstreams = {
    monolith: new Upstream('monolith'),
    carts: new Upstream('carts'),
    products: new Upstream('products'),
    reviews: new Upstream('reviews'),
  };
  const pagePorts = { monolith: 3000, carts: 3200, products: 3300, reviews: 3400 };
  const ports = new Map<number, number>([[8080, 0]]);
  let folder = '';
  let mesh: ChildProcess | undefined;
  let edge = '';
  let admin = '';

  /** The reader's ports are those of the page; the test's are its own, and nothing else is changed. */
  const write = ({ file, yaml }: Recipe) => {
    const here = yaml.replace(/\bport: (\d+)/g, (_all, port) => `port: ${ports.get(Number(port)) ?? port}`);
    writeFileSync(join(folder, 'documents', file), here);
  };
  const writeStep = (step: number) => recipes.filter((recipe) => recipe.step === step).forEach(write);
  const follow = async (step: number) => {
    writeStep(step);
    const reply = await fetch(`${admin}/reload`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ who: 'test', why: `step ${step}` }),
    });
    assert.equal(reply.status, 200, await reply.text());
  };
  const get = async (path: string, headers: Record<string, string> = {}) => {
    const reply = await fetch(edge + path, { headers });
    return { status: reply.status, headers: reply.headers, by: await reply.text() };
  };
  const command = async (...words: string[]) => {
    const env = { ...process.env, MESH_ADMIN_URL: admin };
    return (await run(process.execPath, ['mesh.mjs', ...words], { cwd: folder, env })).stdout;
  };
  const shift = (...words: string[]) => command('shift', ...words);
  const repliesBy = async (path: string, times: number) => {
    const by: Record<string, number> = {};
    for (let i = 0; i < times; i += 1) {
      const name = (await get(path)).by;
      by[name] = (by[name] ?? 0) + 1;
    }
    return by;
  };

  before(async () => {
    for (const [name, upstream] of Object.entries(upstreams)) {
      ports.set(pagePorts[name as keyof typeof pagePorts], await upstream.listen());
    }
    folder = copied();
    writeStep(1);
    const started = spawn(process.execPath, ['mesh.mjs', 'run'], {
      cwd: folder,
      env: {
        PATH: process.env.PATH,
        MESH_DOCUMENTS: 'documents',
        MESH_STATE: 'state',
        INTERNAL_PORT: '0',
        MESH_ADMIN_PORT: '0',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    mesh = started;
    createInterface({ input: started.stdout }).on('line', (line) => {
      const { body, attributes } = JSON.parse(line) as { body?: string; attributes?: Record<string, string> };
      if (body !== 'listening') return;
      const { entrance, url } = attributes ?? {};
      if (entrance === 'edge') edge = url ?? '';
      if (entrance === 'admin') admin = url ?? '';
    });
    await until('the mesh listens', () => {
      assert.equal(started.exitCode, null, 'the mesh has ended before it listened');
      return edge !== '' && admin !== '';
    });
  });

  after(async () => {
    if (mesh !== undefined && mesh.exitCode === null) {
      const ended = new Promise((resolve) => mesh?.once('exit', resolve));
      mesh.kill('SIGTERM');
      await ended;
    }
    for (const upstream of Object.values(upstreams)) upstream.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('step 1: every request goes to the monolith', async () => {
    for (const path of ['/', '/carts/1', '/deep/er?x=1']) assert.equal((await get(path)).by, 'monolith');
    assert.equal(upstreams.monolith.got.at(-1)?.path, '/deep/er?x=1');
  });

  test('step 2: one request in ten of the path, half after a shift, and no other path', async () => {
    await follow(2);
    assert.match(
      await command('explain', 'GET', '/carts/1'),
      /^route carts, [\s\S]+ 90 % monolith: [\s\S]+ 10 % carts: /m,
    );
    const tenth = await repliesBy('/carts/1', 300);
    // 30 are expected, and 82 are ten standard deviations more.
    assert.ok((tenth.carts ?? 0) > 0 && (tenth.carts ?? 0) < 82, JSON.stringify(tenth));
    assert.deepEqual(await repliesBy('/cartsandmore', 20), { monolith: 20 });
    await shift('carts', 'carts=50', '--why', 'the cookbook');
    const half = await repliesBy('/carts/1', 300);
    assert.ok((half.carts ?? 0) > 82 && (half.monolith ?? 0) > 82, JSON.stringify(half));
    assert.match(await command('stats'), /carts/);
  });

  test('step 3: a client with the header reaches the service, whatever the weights', async () => {
    await shift('carts', 'monolith=100', '--why', 'the cookbook');
    await follow(3);
    const canary = await get('/carts/1', { 'x-canary': 'carts' });
    assert.deepEqual([canary.by, canary.headers.get('x-served-by')], ['carts', 'carts']);
    assert.match(
      await command('explain', 'GET', '/carts/1', '--header', 'X-Canary:carts'),
      /^route carts-canary, [\s\S]+ 100 % carts: [\s\S]+not carts, rule 0 .+: it has more header conditions/m,
    );
    assert.equal((await get('/carts/1', { 'x-canary': 'other' })).by, 'monolith');
    assert.equal((await get('/carts/1')).by, 'monolith');
  });

  test('step 4: each customer stays at the backend of the first request when the weights change', async () => {
    await follow(4);
    await shift('carts', 'carts=50');
    const customers = await Promise.all(
      Array.from({ length: 40 }, async () => {
        const { by, headers } = await get('/carts/1');
        return { by, cookie: (headers.get('set-cookie') ?? '').split(';')[0] ?? '' };
      }),
    );
    assert.deepEqual([...new Set(customers.map(({ by }) => by))].sort(), ['carts', 'monolith']);
    assert.ok(customers.every(({ cookie }) => cookie.startsWith('carts-version=')));
    for (const weight of ['carts=10', 'carts=90']) {
      await shift('carts', weight);
      for (const { by, cookie } of customers) assert.equal((await get('/carts/2', { cookie })).by, by);
    }
  });

  test('step 5: the monolith responds, and a quarter of the reads is copied and compared', async () => {
    await follow(5);
    assert.deepEqual(await repliesBy('/products', 200), { monolith: 200 });
    await until('copies have come', () => upstreams.products.got.length > 0);
    assert.equal(upstreams.products.got[0]?.headers['x-mesh-shadow'], 'products');
    assert.ok(upstreams.products.got.length < 120);
    await until('they are compared', async () => {
      const { shadows } = (await (await fetch(`${admin}/shadows?mirror=products`)).json()) as { shadows: unknown[] };
      return shadows.length > 0;
    });
    for (let i = 0; i < 40; i += 1) await (await fetch(`${edge}/products`, { method: 'POST' })).text();
    assert.match(await (await fetch(`${admin}/metrics`)).text(), /mesh_shadow_skipped_total\{[^}]*"unsafe_method"\}/);
    assert.ok(upstreams.products.got.every(({ method }) => method === 'GET'));
  });

  test('step 6: the service is reached by its header and by an override, and in no other way', async () => {
    await follow(6);
    assert.equal((await get('/reviews', { 'x-dark': 'reviews' })).by, 'reviews');
    assert.equal((await get('/anything', { 'x-mesh-override': 'monolith=reviews' })).by, 'reviews');
    assert.deepEqual(await repliesBy('/reviews', 20), { monolith: 20 });
  });

  test('step 7: a failed read is retried', async () => {
    await follow(7);
    upstreams.products.got.length = 0;
    upstreams.products.statuses.push(503, 502);
    const { status, by } = await get('/products/1');
    assert.deepEqual([status, by], [200, 'products']);
    assert.equal(upstreams.products.got.length, 3);
  });

  test('step 8: the instance gets health checks', async () => {
    await follow(8);
    await until('a health check has come', () => upstreams.carts.healthChecks > 0);
    assert.equal((await get('/carts/1', { 'x-canary': 'carts' })).by, 'carts');
  });

  test('step 9: requests beyond the limit get 429', async () => {
    await follow(9);
    const statuses = await Promise.all(Array.from({ length: 40 }, async () => (await get('/carts/1')).status));
    assert.ok(statuses.filter((status) => status === 200).length >= 10);
    assert.ok(statuses.includes(429));
    assert.equal((await get('/elsewhere')).status, 200);
  });

  test('step 10: all clients are back at the monolith, and the header still reaches the service', async () => {
    rmSync(join(folder, 'documents/carts-limits.yaml'));
    await follow(10);
    assert.deepEqual(await repliesBy('/carts/1', 30), { monolith: 30 });
    assert.equal((await get('/carts/1', { 'x-canary': 'carts' })).by, 'carts');
    const { entries } = (await (await fetch(`${admin}/journal`)).json()) as { entries: { why: string }[] };
    assert.ok(entries.some(({ why }) => why === 'the cookbook'));
  });

  test('step 11: reads move first, then the writes without one that fails, and both come back', async () => {
    await follow(11);
    const post = async () => {
      const answer = await fetch(`${edge}/reviews`, { method: 'POST', body: 'good' });
      return `${answer.status} ${await answer.text()}`;
    };
    assert.equal(await shift('reviews/reads', 'reviews=100'), 'reviews/reads: monolith=0 reviews=100\n');
    assert.equal((await get('/reviews')).by, 'reviews');
    assert.equal(await post(), '200 monolith');
    upstreams.monolith.statuses.push(421, 421);
    assert.equal(await post(), '200 monolith', 'the third try');
    const held = await command('hold', 'reviews/writes', '--for', '30s', '--wait', '2s');
    assert.equal(held, 'reviews/writes: held for 30s; in flight from before: 0\n');
    const waiting = post();
    await until('it waits', async () => {
      const answer = await fetch(`${admin}/routes/reviews/rules/writes/hold`);
      return ((await answer.json()) as { waiting: number }).waiting === 1;
    });
    await shift('reviews/writes', 'reviews=100');
    await command('release', 'reviews/writes');
    assert.equal(await waiting, '200 reviews');
    await shift('reviews', 'monolith=100');
    assert.deepEqual([await post(), (await get('/reviews')).by], ['200 monolith', 'monolith']);
  });

  test('step 12: a route has what its Gateway, its label and its name say, and `policy` says which', async () => {
    await follow(12);
    const post = async (path: string) => {
      const reply = await fetch(edge + path, { method: 'POST', body: 'x'.repeat(100_000) });
      await reply.text();
      return reply.status;
    };
    assert.deepEqual([await post('/products'), await post('/elsewhere')], [413, 413], 'of the Gateway');
    upstreams.monolith.statuses.push(421);
    assert.equal(await post('/reviews'), 200, 'of the name, and a second try of the label');
    assert.equal((await get('/reviews')).headers.get('x-frame-options'), 'DENY');
    const canary = await get('/carts/1', { 'x-canary': 'carts' });
    assert.deepEqual([canary.headers.get('x-frame-options'), canary.headers.get('x-served-by')], [null, 'carts']);
    const policy = await command('policy', 'reviews');
    assert.match(
      policy,
      /HTTPRoutePolicy\/reviews \(by name\) over HTTPRoutePolicy\/moving \(by labels\) over HTTPRoutePolicy\/edge/,
    );
    assert.match(policy, /bodyLimit +1Mi +HTTPRoutePolicy\/reviews \(documents\/reviews\.yaml:\d+\)/);
    assert.match(
      policy,
      /ruleDefaults\.timeouts\.request +30s +HTTPRoutePolicy\/edge \(documents\/defaults\.yaml:\d+\)/,
    );
  });
});
