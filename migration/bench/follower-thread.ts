import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { type BenchFollower, followers } from './followers.ts';

/** Starts a service in a thread of its own, as the platform has it in a process of its own. */
export async function followerInThread(store: string, token: string): Promise<BenchFollower> {
  const thread = new Worker(new URL(import.meta.url), { workerData: { store, token } });
  const [url] = (await once(thread, 'message')) as [string];
  return {
    url,
    close: async () => {
      thread.postMessage('close');
      await once(thread, 'exit');
    },
  };
}

async function serve({ store, token }: { store: string; token: string }): Promise<void> {
  const follower = await followers[store]?.(token);
  if (!follower) throw new Error(`there is no store ${store}`);
  parentPort?.once('message', () => void follower.close());
  parentPort?.postMessage(follower.url);
}

if (!isMainThread) await serve(workerData);
