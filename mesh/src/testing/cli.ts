import { main } from '../cli/program.ts';

/** A command that goes on; what it has printed so far is there to be read. */
export interface RunningCli {
  /** An element for each time that something was printed. */
  out: string[];
  err: string[];
  /** Exit code, when it has ended. */
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
