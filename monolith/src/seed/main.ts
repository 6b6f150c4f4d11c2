import { openPool, type Pool } from '../db.ts';
import { applySchema, readSchemaFiles } from '../schema/apply-schema.ts';
import { parseSeedArguments, type SeedArguments, usageText } from './arguments.ts';
import { writeCredentials } from './credentials-file.ts';
import { type Holdings, holdingsOf, holdingsText, isInUse, writtenText } from './holdings.ts';
import type { Plan } from './plan.ts';
import { Progress } from './progress.ts';
import { type Credentials, fillShop, isEmpty, knownCredentials, planCredentials, progressTotal } from './seed.ts';
import { sizes } from './sizes.ts';

const nextStep =
  'Services that follow the monolith get the new data by themselves. Wait for it: migrate sync auth-clients';

/** SQLSTATE of a database that does not exist. */
const invalidCatalogName = '3D000';

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const parsed = parseSeedArguments(args, process.env);
  if (parsed.ok === 'help') {
    process.stdout.write(usageText);
    return 0;
  }
  if (!parsed.ok) {
    process.stderr.write(`${parsed.faults.map((fault) => `seed: ${fault}`).join('\n')}\n\n${usageText}`);
    return 2;
  }
  try {
    await seed(parsed.arguments);
    return 0;
  } catch (error) {
    process.stderr.write(`seed: ${sentenceOf(error)}\n`);
    return 1;
  }
}

/** With the database's hint, which says what to do: a table may belong to another program for now. */
function sentenceOf(error: unknown): string {
  if (!(error instanceof Error) || error.message === '') return String(error);
  const hint = 'hint' in error && typeof error.hint === 'string' ? ` (${error.hint})` : '';
  return error.message + hint;
}

async function seed(given: SeedArguments): Promise<void> {
  const { size, seed, until, databaseUrl, filesFolder, credentialsFile, ifEmpty, replace, copies, json } = given;
  const startedAtMs = performance.now();
  const plan = { seed, size: sizes[size], until };
  const db = openPool(databaseUrl, () => undefined, 0);
  try {
    await applySchema(db, await readSchemaFiles());
    const empty = await isEmpty(db);
    const filled = empty || !ifEmpty;
    // Counting reads every row, so only count when there is data to replace.
    const holdings = filled && !empty ? await holdingsOf(db) : null;
    if (filled) {
      if (holdings !== null) sayWhatGoes(holdings, replace);
      await fill(db, plan, filesFolder);
      for (const name of copies) await fillCopy(databaseUrl, name, plan);
    }
    // Also without a fill: the credentials depend on the plan alone, and the file may be lost.
    if (credentialsFile !== undefined) await writeKnown(db, credentialsFile, planCredentials(plan));
    const seconds = Math.round((performance.now() - startedAtMs) / 100) / 10;
    const replaced = holdings !== null;
    const summary = filled
      ? `seeded ${size} (seed ${seed}) in ${seconds} s${replaced ? `. ${nextStep}` : ''}`
      : 'the shop holds data already: left as it is';
    process.stdout.write(
      json ? `${JSON.stringify({ size, seed, filled, replaced, seconds, counts: plan.size })}\n` : `${summary}\n`,
    );
  } finally {
    await db.end();
  }
}

/**
 * Reports what the seed deletes.
 * @throws Error when the shop is in use and `replace` is false
 */
function sayWhatGoes(holdings: Holdings, replace: boolean): void {
  const all = `a seed replaces the whole shop: ${holdingsText(holdings)}`;
  if (isInUse(holdings) && !replace) {
    throw new Error(
      `the shop is in use: rows were written since it was seeded (${writtenText(holdings)}), and ${all}.\n` +
        'Nothing has been changed. To replace all of it, add --replace',
    );
  }
  process.stderr.write(`seed: ${all}\n`);
}

async function fill(db: Pool, plan: Plan, filesFolder?: string): Promise<void> {
  const terminal = { isTTY: process.stderr.isTTY === true, write: (text: string) => process.stderr.write(text) };
  await fillShop(db, plan, new Progress(terminal, progressTotal(plan), () => performance.now()), filesFolder);
}

/** Fills a copy of the shop, without the content of its files: a folder belongs to one database. A copy that does not exist is skipped: it is created on first use. */
async function fillCopy(databaseUrl: string, name: string, plan: Plan): Promise<void> {
  const url = new URL(databaseUrl);
  url.pathname = `/${encodeURIComponent(name)}`;
  const db = openPool(url.href, () => undefined, 0);
  try {
    await applySchema(db, await readSchemaFiles());
    process.stderr.write(`seed: the same for the copy ${name}\n`);
    await fill(db, plan);
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === invalidCatalogName;
    if (!missing) throw error;
  } finally {
    await db.end();
  }
}

async function writeKnown(db: Pool, file: string, planned: Credentials): Promise<void> {
  const known = await knownCredentials(db, planned);
  if (known.clients.length > 0) await writeCredentials(file, known);
  else process.stderr.write(`seed: the shop was filled from another seed, so ${file} is left as it is\n`);
}
