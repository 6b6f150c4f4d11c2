import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { systemClock } from '@banyan/kit/clock';
import { ServiceError } from '@banyan/kit/errors';
import { closeOnSignal } from '@banyan/kit/lifecycle';
import { createLogger } from '@banyan/kit/log';
import { applySchema } from '@banyan/kit/schema';
import { authConfig, type Config } from './config.ts';
import { KeyKeeper } from './keys/key-keeper.ts';
import { rotationPolicy } from './keys/policy.ts';
import { leadLeftMs } from './keys/rotation.ts';
import { sealingWith } from './keys/sealing.ts';
import { startService } from './service.ts';
import { openStore, type StoredKey, schemaFolder } from './store.ts';

const help = `auth: access tokens, API clients, signing keys

  main.ts                        start the service. The environment configures it:
                                 see services/auth/README.md
  main.ts keys                   list the signing keys
  main.ts rotate-keys [--force]  make the next key sign. Live tokens stay valid. Waits until the
                                 next key has been published for KEY_PUBLISH_LEAD_S, unless
                                 --force is given
  main.ts replace-unreadable-keys
                                 replace the keys that a lost KEY_ENCRYPTION_KEY sealed. Live tokens
                                 stay valid. With a wrong KEY_ENCRYPTION_KEY, this locks out the
                                 instances that have the right one
`;

/** Runs a command. Sets `process.exitCode` to 1 after a failure and to 2 after a usage error. */
export async function main(args: string[], env: NodeJS.ProcessEnv): Promise<void> {
  try {
    const { positionals, values } = parseArgs({
      args,
      allowPositionals: true,
      options: { force: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h', default: false } },
    });
    const [command = 'serve', ...rest] = positionals;
    if (values.help) process.stdout.write(help);
    else if (rest.length > 0) throw new TypeError(`unexpected: ${rest.join(' ')}`);
    else if (command === 'serve') await serve(authConfig(env));
    else if (command === 'keys') await withKeys(authConfig(env), listKeys);
    else if (command === 'rotate-keys') await rotateKeys(authConfig(env), values.force);
    else if (command === 'replace-unreadable-keys') await withKeys(authConfig(env), replaceUnreadable);
    else throw new TypeError(`there is no command ${command}`);
  } catch (error) {
    process.exitCode = error instanceof TypeError ? 2 : 1;
    if (error instanceof TypeError) process.stderr.write(`auth: ${error.message}\n\n${help}`);
    else process.stderr.write(`auth: ${sentence(error)}\n`);
  }
}

function sentence(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof ServiceError && error.code === 'store_unavailable') {
    return `the store does not respond${error.cause instanceof Error ? `: ${error.cause.message}` : ''}`;
  }
  return error.message;
}

async function serve(config: Config): Promise<void> {
  const logger = createLogger({ level: config.LOG_LEVEL, service: 'auth' });
  closeOnSignal(await startService(config, logger), logger);
}

async function rotateKeys(config: Config, force: boolean): Promise<void> {
  await withKeys(config, async (keeper, read) => {
    // Creates the first keys if no instance has used this store yet.
    await keeper.maintain();
    const leftMs = leadLeftMs(await read(), rotationPolicy(config), systemClock());
    if (!force && leftMs > 0) {
      process.stdout.write(`the next key signs in ${Math.ceil(leftMs / 1_000)} s, when all verifiers know it\n`);
      await pause(leftMs);
    }
    await keeper.maintain(force ? 'at once' : 'now');
    print(await read());
  });
}

const listKeys: Work = async (keeper, read) => {
  try {
    await keeper.maintain();
  } finally {
    print(await read());
  }
};

const replaceUnreadable: Work = async (keeper, read) => {
  await keeper.replaceUnreadable();
  print(await read());
};

type Work = (keeper: KeyKeeper, read: () => Promise<StoredKey[]>) => Promise<void>;

async function withKeys(config: Config, work: Work): Promise<void> {
  await applySchema({ url: config.DATABASE_URL, folder: schemaFolder });
  const store = openStore(config.DATABASE_URL, 1, () => {});
  const sealing = sealingWith(config.KEY_ENCRYPTION_KEY, config.KEY_ENCRYPTION_KEY_PREVIOUS);
  const keeper = new KeyKeeper({ store, sealing, policy: rotationPolicy(config), now: systemClock });
  try {
    await work(keeper, () => store.readKeys());
  } finally {
    await store.close();
  }
}

function print(keys: readonly StoredKey[]): void {
  const time = (ms: number | null) => (ms === null ? '' : new Date(ms).toISOString());
  for (const { kid, state, activatedAtMs, publishUntilMs } of keys) {
    const since = activatedAtMs === null ? '' : `  signs since ${time(activatedAtMs)}`;
    const until = publishUntilMs === null ? '' : `  published until ${time(publishUntilMs)}`;
    process.stdout.write(`${state.padEnd(8)}${kid}${state === 'active' ? since : until}\n`);
  }
}
