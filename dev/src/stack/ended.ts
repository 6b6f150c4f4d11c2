/**
 * Signals by which a program ends itself after it wrote why: out of memory, a failed assertion, a fault of the machine.
 */
const ownEnds = ['SIGABRT', 'SIGSEGV', 'SIGBUS', 'SIGILL', 'SIGFPE', 'SIGTRAP'];

/**
 * How a process ended, as a phrase. What it wrote last explains an exit code; a signal from outside has another cause,
 * which the process does not know.
 */
export function endedBy(code: number | null, signal: string | null, said: string): string {
  const last = said === '' ? '' : `: ${said}`;
  if (signal === null) return `exit code ${code}${last}`;
  if (ownEnds.includes(signal)) return `${signal}${last}`;
  return signal === 'SIGKILL'
    ? 'SIGKILL, from outside (a person, or the system short of memory)'
    : `${signal}, from outside`;
}
