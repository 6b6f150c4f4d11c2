import { parseArgs } from 'node:util';
import { filesFolderOf } from '../config.ts';
import { defaultUntil } from './plan.ts';
import { isSizeName, type SizeName } from './sizes.ts';

export interface SeedArguments {
  size: SizeName;
  seed: number;
  databaseUrl: string;
  /** Where the content of files goes. */
  filesFolder: string;
  credentialsFile: string | undefined;
  until: Date;
  ifEmpty: boolean;
  replace: boolean;
  /** Databases on the same server that hold copies of the shop. Existing ones are filled alike. */
  copies: readonly string[];
  json: boolean;
}

export const usageText = `usage: npm run seed -- --size small|reference [options]

  --size NAME           small (tests) or reference (measurements)
  --seed N              a whole number; the same seed gives the same bytes (default 1)
  --now INSTANT         the moment at which the data ends (default ${defaultUntil.toISOString()})
  --database-url URL    the monolith's database (default DATABASE_URL)
  --files-folder FOLDER the folder of the monolith's files (default FILES_FOLDER, or .banyan/files of the checkout)
  --credentials FILE    write the accounts that can sign in, as JSON
  --if-empty            do nothing if the shop holds data
  --replace             also replace a shop that is in use, which means that it holds rows that no seed wrote
  --copy NAME           a database on the same server with a copy of the shop, filled alike if it exists; repeatable
  --json                print a summary as JSON

A seed replaces the whole shop, in one transaction: products, customers, carts, orders, API clients and their tokens. Services
that follow the monolith get the new data by themselves: npm run migrate -- sync auth-clients waits for it
`;

/** Parses the command line. The result is the arguments, all faults, or `help` if the user requests help. */
export function parseSeedArguments(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): { ok: true; arguments: SeedArguments } | { ok: false; faults: string[] } | { ok: 'help' } {
  const parsed = read(args);
  if (typeof parsed === 'string') return { ok: false, faults: [parsed] };
  if (parsed.help) return { ok: 'help' };

  const faults: string[] = [];
  const size = parsed.size ?? '';
  if (!isSizeName(size)) faults.push(`--size ${size}: must be small or reference`);
  const seed = Number(parsed.seed);
  if (!Number.isSafeInteger(seed) || seed < 0) faults.push(`--seed ${parsed.seed}: must be a whole number`);
  const until = parsed.now === undefined ? defaultUntil : new Date(parsed.now);
  if (Number.isNaN(until.getTime())) faults.push(`--now ${parsed.now}: must be an instant, as 2018-06-01T00:00:00Z`);
  const databaseUrl = parsed['database-url'] ?? env.DATABASE_URL ?? '';
  if (databaseUrl === '') faults.push('--database-url: required, or DATABASE_URL in the environment');
  if (parsed['if-empty'] && parsed.replace) faults.push('--if-empty and --replace: give one of them');
  if (faults.length > 0 || !isSizeName(size)) return { ok: false, faults };
  return {
    ok: true,
    arguments: {
      size,
      seed,
      databaseUrl,
      filesFolder: filesFolderOf(parsed['files-folder'] ?? env.FILES_FOLDER),
      credentialsFile: parsed.credentials,
      until,
      ifEmpty: parsed['if-empty'],
      replace: parsed.replace,
      copies: parsed.copy,
      json: parsed.json,
    },
  };
}

function read(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        size: { type: 'string' },
        seed: { type: 'string', default: '1' },
        now: { type: 'string' },
        'database-url': { type: 'string' },
        'files-folder': { type: 'string' },
        credentials: { type: 'string' },
        'if-empty': { type: 'boolean', default: false },
        replace: { type: 'boolean', default: false },
        copy: { type: 'string', multiple: true, default: [] },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
