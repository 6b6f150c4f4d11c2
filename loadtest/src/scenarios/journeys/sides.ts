import { readClients, tokenRequest } from '../../platform/clients.ts';
import { PlatformStack } from '../../platform/stack.ts';
import type { Watched } from '../../proof/stage.ts';
import type { ScenarioOptions } from '../scenario.ts';
import { administrator } from './administrator.ts';
import { type CallApi, findGoods } from './goods.ts';
import { shopper } from './shopper.ts';
import type { Journey } from './step.ts';

export const sideNames = ['monolith', 'services'] as const;
export type SideName = (typeof sideNames)[number];

/** One way to serve the journeys: the monolith by itself, as it was; or the services behind the mesh. */
export interface Side {
  name: SideName;
  /** Where clients send requests. */
  url: string;
  watched: Watched;
  shopper: Journey;
  administrator: Journey;
  /** What each store is, by name. */
  stores: Record<string, string>;
  stop(): Promise<void>;
}

/**
 * Starts one side on the reference data, on a stack of its own. The monolith alone is asked directly: no mesh stands in its
 * way, and nothing is migrated from it.
 */
export async function startSide(name: SideName, { say, folder, signal }: ScenarioOptions): Promise<Side> {
  const alone = name === 'monolith';
  const args = ['--stack', alone ? 'load-monolith' : 'load', '--size', 'reference', '--ports', 'auto'];
  const stack = await PlatformStack.start(
    folder,
    [...args, ...(alone ? ['--only', 'monolith,seed', '--stage', 'monolith'] : ['--stage', 'services'])],
    ({ event, process, message, ms }) => {
      if (event === 'done' || event === 'ready')
        say(`  ${name}: ${process} ${event}${ms === undefined ? '' : ` after ${(ms / 1000).toFixed(1)} s`}`);
      if (event === 'exited' || event === 'down' || event === 'note')
        say(`  ${name}: ${process ?? ''} ${event} ${message ?? ''}`);
    },
    signal,
  );
  try {
    const url = alone ? stack.process('monolith').url : (stack.process('mesh').urls.edge ?? '');
    const [client] = readClients(stack.status.credentials ?? '');
    if (!client) throw new Error('the platform has no API client with a secret');
    const goods = await findGoods(await openApi(url, client));
    return {
      name,
      url,
      watched: watchedOf(stack, alone),
      shopper: shopper(client.client_id, goods) as Journey,
      administrator: administrator(client) as Journey,
      stores: Object.fromEntries(Object.entries(stack.status.stores).map(([store, { source }]) => [store, source])),
      stop: () => stack.stop(),
    };
  } catch (error) {
    await stack.stop();
    throw error;
  }
}

/** All processes of a side and its stores; of the monolith's, itself and PostgreSQL. */
function watchedOf({ status }: PlatformStack, alone: boolean): Watched {
  const processes = Object.entries(status.processes).filter(
    ([name, { pid }]) => pid !== null && (!alone || name === 'monolith'),
  );
  const stores = Object.entries(status.stores).filter(([name]) => !alone || name === 'postgres');
  return {
    ours: Object.fromEntries(processes.map(([name, { pid }]) => [name, pid])),
    stores: Object.fromEntries(stores.map(([name, { pid }]) => [name, pid])),
  };
}

async function openApi(url: string, client: Parameters<typeof tokenRequest>[0]): Promise<CallApi> {
  const { method, path, headers, body = '' } = tokenRequest(client);
  const issued = (await json(await fetch(url + path, { method, headers, body }))) as { access_token: string };
  return async (verb, where, data) =>
    json(
      await fetch(url + encodeURI(where), {
        method: verb,
        headers: { authorization: `Bearer ${issued.access_token}`, 'content-type': 'application/json' },
        ...(data && { body: JSON.stringify({ data }) }),
      }),
    );
}

async function json(response: Response): Promise<unknown> {
  const text = await response.text();
  if (!response.ok) throw new Error(`${new URL(response.url).pathname} replied ${response.status}: ${text}`);
  return text === '' ? null : JSON.parse(text);
}
