import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Reads "add <pid> <signal>" and "drop <pid>" (a negative pid is a process group). Its stdin ends with the
 * launcher, in any way. It then signals the processes that are still listed, waits for a graceful stop, and kills the
 * rest.
 */
const script = `
trap '' INT TERM HUP
listed=
while read -r verb pid signal; do
  kept=
  for entry in $listed; do [ "\${entry%%:*}" = "$pid" ] || kept="$kept $entry"; done
  listed=$kept
  [ "$verb" = add ] && listed="$listed $pid:$signal"
done
for entry in $listed; do kill -s "\${entry##*:}" -- "\${entry%%:*}" 2>/dev/null; done
for tenth in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40; do
  left=
  for entry in $listed; do kill -0 -- "\${entry%%:*}" 2>/dev/null && left="$left $entry"; done
  [ -z "$left" ] && exit 0
  listed=$left
  sleep 0.25
done
for entry in $listed; do kill -s KILL -- "\${entry%%:*}" 2>/dev/null; done
`;

/**
 * Ends what the launcher started when the launcher itself is killed. It is a shell (1 MB) and not a hook inside each
 * process, because PostgreSQL has no hooks, and because measured processes should run the same code as in production.
 */
export class Guard {
  readonly #shell: ChildProcess;

  constructor() {
    // A session of its own: Ctrl-C in the terminal does not reach it.
    this.#shell = spawn('/bin/sh', ['-c', script], { detached: true, stdio: ['pipe', 'ignore', 'ignore'], cwd: '/' });
    this.#shell.on('error', () => {});
    this.#shell.stdin?.on('error', () => {});
    this.#shell.unref();
  }

  get pid(): number | null {
    return this.#shell.pid ?? null;
  }

  add(pid: number, signal: NodeJS.Signals): void {
    this.#shell.stdin?.write(`add ${pid} ${signal.replace('SIG', '')}\n`);
  }

  drop(pid: number): void {
    this.#shell.stdin?.write(`drop ${pid} -\n`);
  }

  /** Closes the guard; it ends the processes that were not dropped. */
  close(): void {
    this.#shell.stdin?.end();
  }
}
