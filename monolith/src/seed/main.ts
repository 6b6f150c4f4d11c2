import { openPool, type Pool } from '../db.ts';
import { migrate, readMigrations } from '../schema/migrate.ts';
import { parseSeedArguments, type SeedArguments, USAGE } from './arguments.ts';
import { writeCredentials } from './credentials-file.ts';
import { Progress } from './progress.ts';
import { type Credentials, fillShop, isEmpty, knownCredentials, planCredentials, progressTotal } from './seed.ts';
import { SIZES } from './sizes.ts';

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const parsed = parseSeedArguments(args, process.env);
  if (parsed.ok === 'help') {
    process.stdout.write(USAGE);
    return 0;
  }
  if (!parsed.ok) {
    process.stderr.write(`${parsed.faults.map((fault) => `seed: ${fault}`).join('\n')}\n\n${USAGE}`);
    return 2;
  }
  try {
    await seed(parsed.arguments);
    return 0;
  } catch (error) {
    process.stderr.write(`seed: ${error instanceof Error && error.message ? error.message : String(error)}\n`);
    return 1;
  }
}

async function seed({ size, seed, until, databaseUrl, credentialsFile, ifEmpty, json }: SeedArguments): Promise<void> {
  const startedAtMs = performance.now();
  const plan = { seed, size: SIZES[size], until };
  const db = openPool(databaseUrl, () => undefined, 0);
  try {
    await migrate(db, await readMigrations());
    const filled = !ifEmpty || (await isEmpty(db));
    if (filled) {
      const terminal = { isTTY: process.stderr.isTTY === true, write: (text: string) => process.stderr.write(text) };
      await fillShop(db, plan, new Progress(terminal, progressTotal(plan), () => performance.now()));
    }
    // Also where nothing was filled: the plan decides who can sign in, and the file may be lost.
    if (credentialsFile !== undefined) await writeKnown(db, credentialsFile, planCredentials(plan));
    const seconds = Math.round((performance.now() - startedAtMs) / 100) / 10;
    const summary = filled
      ? `seeded ${size} (seed ${seed}) in ${seconds} s`
      : 'the shop holds data already: left as it is';
    process.stdout.write(
      json ? `${JSON.stringify({ size, seed, filled, seconds, counts: plan.size })}\n` : `${summary}\n`,
    );
  } finally {
    await db.end();
  }
}

async function writeKnown(db: Pool, file: string, planned: Credentials): Promise<void> {
  const known = await knownCredentials(db, planned);
  if (known.clients.length > 0) await writeCredentials(file, known);
  else process.stderr.write(`seed: the shop was filled from another seed, so ${file} is left as it is\n`);
}
