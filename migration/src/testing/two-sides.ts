import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { applySchema } from '@banyan/kit/schema';
import { createTestDatabase, type TestDatabase } from '@banyan/kit/testing';
import { run } from '../cli.ts';

/** The databases of a monolith and an auth service, each with the schema of its own SQL files. */
export interface TwoSides {
  monolith: TestDatabase;
  auth: TestDatabase;
  /** Adds clients to the monolith's table. Returns their ids in the order of keys. */
  addClients(count: number, updatedAt?: string): Promise<string[]>;
  /** Runs the command line against both. */
  migrate(...args: string[]): Promise<Outcome>;
  /** Runs the command line with --json and returns the report. */
  report<Report>(...args: string[]): Promise<Report & { code: number }>;
  drop(): Promise<void>;
}

export interface Outcome {
  code: number;
  out: string;
  error: string;
}

// The folders of both sides' SQL files, which the workspaces export.
const authSchema = new URL('.', import.meta.resolve('@banyan/auth/schema/001_clients.sql'));
const monolithSchema = new URL('.', import.meta.resolve('@banyan/monolith/schema/001_clients.sql'));

export async function createTwoSides(): Promise<TwoSides> {
  const [monolith, auth] = await Promise.all([createTestDatabase(), createTestDatabase()]);
  await monolith.query(await schemaFileWith('api_clients'));
  await applySchema({ url: auth.url, folder: authSchema });
  const env = { MONOLITH_DATABASE_URL: monolith.url, AUTH_DATABASE_URL: auth.url };

  const migrate = async (...args: string[]): Promise<Outcome> => {
    const outcome = { code: 0, out: '', error: '' };
    outcome.code = await run(args, env, {
      out: (text) => {
        outcome.out += text;
      },
      error: (text) => {
        outcome.error += text;
      },
      interactive: false,
    });
    return outcome;
  };

  return {
    monolith,
    auth,
    migrate,
    addClients: async (count, updatedAt = '2020-01-01T00:00:00.123456Z') => {
      const ids: string[] = [];
      for (let n = 0; n < count; n++) {
        const [row] = await monolith.query<{ id: string }>(
          `insert into api_clients (name, client_id, secret_hash, identifier_kinds, created_at, updated_at)
           values ($1, $2, $3, array['implicit'], $4, $4) returning id`,
          [`client ${n}`, randomBytes(20).toString('hex'), hashLike(`${n}`), updatedAt],
        );
        if (row) ids.push(row.id);
      }
      return ids.sort();
    },
    report: async <Report>(...args: string[]) => {
      const { code, out, error } = await migrate(...args, '--json');
      if (out === '') throw new Error(error);
      return { ...(JSON.parse(out) as Report), code };
    },
    drop: async () => {
      await Promise.all([monolith.drop(), auth.drop()]);
    },
  };
}

/** A text in the format of a slow hash. It is cheap to make, because these tests verify no secrets. */
export function hashLike(secret: string): string {
  return `$scrypt$ln=15,r=8,p=3$c2FsdHNhbHRzYWx0c2FsdA==$${createHash('sha256').update(secret).digest('base64')}`;
}

/** The monolith's own file that makes the table: the columns read here are the columns there are. */
async function schemaFileWith(table: string): Promise<string> {
  for (const name of await readdir(monolithSchema)) {
    const text = await readFile(new URL(name, monolithSchema), 'utf8');
    if (new RegExp(`create table (if not exists )?${table}\\b`, 'i').test(text)) return text;
  }
  throw new Error(`no file in ${monolithSchema.pathname} makes ${table}`);
}
