import { main } from '../cli/program.ts';

/** What a command printed, line feeds between what it printed at a time, and its exit code. */
export interface CliOutcome {
  code: number;
  out: string;
  err: string;
}

/** Runs `mesh <args>` in this process against a mesh; one at a time, since the mesh is named by the environment. */
export async function cli({ adminUrl }: { adminUrl: string }, ...args: string[]): Promise<CliOutcome> {
  const before = process.env.MESH_ADMIN_URL;
  process.env.MESH_ADMIN_URL = adminUrl;
  const out: string[] = [];
  const err: string[] = [];
  try {
    const code = await main(args, { out: (text) => out.push(text), err: (text) => err.push(text) });
    return { code, out: out.join('\n'), err: err.join('\n') };
  } finally {
    if (before === undefined) delete process.env.MESH_ADMIN_URL;
    else process.env.MESH_ADMIN_URL = before;
  }
}
