import { main } from '../cli/program.ts';

/** A running command, with its output so far. */
export interface RunningCli {
  /** One element for each write. */
  out: string[];
  err: string[];
  /** The exit code, once the command has ended. */
  code: Promise<number>;
}

/** Starts `mesh <args>` in this process, against a mesh. */
export function startCli({ adminUrl }: { adminUrl: string }, ...args: string[]): RunningCli {
  const out: string[] = [];
  const err: string[] = [];
  const output = { out: (text: string) => out.push(text), err: (text: string) => err.push(text) };
  return { out, err, code: main(args, output, { ...process.env, MESH_ADMIN_URL: adminUrl }) };
}

/** Runs `mesh <args>` to its end. */
export async function cli(mesh: { adminUrl: string }, ...args: string[]) {
  const { out, err, code } = startCli(mesh, ...args);
  return { code: await code, out: out.join('\n'), err: err.join('\n') };
}
