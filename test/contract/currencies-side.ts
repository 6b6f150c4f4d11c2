import { type Instance, startInstance } from '@banyan/currencies/testing';
import {
  type ChangesReply,
  type DigestsReply,
  digestOf,
  neverOwned,
  type Ownership,
  paths,
  type State,
  versionOf,
} from '@banyan/kit/import';
import { serviceAt, startFakeMesh } from '@banyan/kit/testing';
import { resourceNamed } from '@banyan/migration/resources';
import { startFront } from './front.ts';
import { type Monolith, type Side, startMonolith } from './sides.ts';

const token = 'the token of the migration';
const resource = resourceNamed('currencies');
const owner: Ownership = { epoch: 1, state: 'owner', wayBack: true };

/**
 * The currencies service for its paths, and a monolith for everything else. The monolith has what the service wrote when
 * a reply is there, in the way that the migration brings it back.
 */
export async function currenciesOnService(): Promise<Side> {
  return (await openCurrenciesOnService()).side;
}

/** The same, with every second read of currencies served by the monolith. */
export async function currenciesOnBothSides(): Promise<Side> {
  let reads = 0;
  const { side } = await openCurrenciesOnService((method) => method === 'GET' && ++reads % 2 === 0);
  return side;
}

/** The service's side, with the digests of what the service and the monolith have. Undefined: it has no currencies. */
export async function openCurrenciesOnService(isForMonolith = (_method: string) => false): Promise<{
  side: Side;
  digests(): Promise<[service: string | undefined, monolith: string | undefined]>;
}> {
  const monolith = await startMonolith();
  const { url, tokens, shop } = monolith;
  const mesh = await startFakeMesh({ monolith: serviceAt(url) });
  const currencies = await startInstance(mesh.url, { MIGRATION_TOKEN: token });
  await currencies.service.ready;
  await handOver(monolith, currencies);
  const isCurrencies = (path: string) => /^\/v2\/currencies([/?]|$)/.test(path);
  const front = await startFront((path, method) =>
    isCurrencies(path) && !isForMonolith(method) ? currencies.service.url : url,
  );
  let settling: Promise<void> = Promise.resolve();
  const side: Side = {
    urls: [front.url],
    tokens,
    // One after the other, as the migration's worker does it.
    settle: () => {
      const brought = settling.then(() => bringBack(monolith, currencies));
      settling = brought.catch(() => {});
      return brought;
    },
    close: async () => {
      front.close();
      await currencies.close();
      mesh.close();
      await shop.close();
    },
  };
  return { side, digests: async () => [await digestAtService(currencies), await digestAtMonolith(monolith)] };
}

async function digestAtService({ service }: Instance): Promise<string | undefined> {
  const range = { after: null, to: null, members: true };
  const { members } = (await ask(service.url, 'POST', paths.digests('currencies'), range)) as DigestsReply;
  return members?.[0]?.digest;
}

async function digestAtMonolith(monolith: Monolith): Promise<string | undefined> {
  const [state] = await stateAtMonolith(monolith);
  return state && digestOf(state.key, state.state);
}

async function stateAtMonolith({ shop }: Monolith): Promise<{ key: string; state: State }[]> {
  return (await shop.shop.db.query<{ key: string; state: State }>(resource.states, [['currencies']])).rows;
}

async function handOver(monolith: Monolith, { service }: Instance): Promise<void> {
  const changes = (await stateAtMonolith(monolith)).map(({ key, state }) => ({ key, version: versionOf(0, 1), state }));
  await ask(service.url, 'POST', paths.incoming('currencies'), { epoch: 0, changes });
  await ask(service.url, 'PUT', paths.ownership('currencies'), { from: neverOwned, to: owner });
}

async function bringBack({ shop }: Monolith, { service }: Instance): Promise<void> {
  const { changes } = (await ask(service.url, 'GET', paths.changes('currencies'))) as ChangesReply;
  if (changes.length === 0) return;
  const db = await shop.shop.db.connect();
  try {
    await db.query('begin');
    await db.query('set local session_replication_role = replica');
    await resource.apply(db, changes);
    await db.query('commit');
    db.release();
  } catch (error) {
    db.release(true);
    throw error;
  }
  const seen = changes.map(({ key, version }) => ({ key, version }));
  await ask(service.url, 'POST', paths.acknowledge('currencies'), { seen });
}

async function ask(url: string, method: string, path: string, body?: object): Promise<unknown> {
  const reply = await fetch(url + path, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await reply.text();
  if (!reply.ok) throw new Error(`${method} ${path}: ${reply.status} ${text}`);
  return text === '' ? null : JSON.parse(text);
}
