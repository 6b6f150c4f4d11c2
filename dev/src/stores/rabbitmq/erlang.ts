import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Makes unpacked Erlang run from where it is: its start script names the folder that it was packaged for.
 * @returns the folder with `erl` and `epmd`; null when the packages hold no Erlang.
 */
export function relocatedErlang(root: string): string | null {
  const folder = join(root, 'usr/lib/erlang');
  const script = join(folder, 'bin/erl');
  if (!existsSync(script)) return null;
  const text = readFileSync(script, 'utf8');
  const fixed = text.replace(/^(\s*ROOTDIR)=.*$/gm, (_line, start) => `${start}='${folder.replaceAll("'", "'\\''")}'`);
  if (fixed !== text) {
    // Another launcher may run it at this moment.
    const fresh = `${script}.${process.pid}`;
    writeFileSync(fresh, fixed, { mode: 0o755 });
    renameSync(fresh, script);
  }
  return join(folder, 'bin');
}
