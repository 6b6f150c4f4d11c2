/** One thing that must answer before a process can serve. Rejects, with a reason that may be shown, when it does not. */
export type Check = () => Promise<void> | void;

export interface Readiness {
  ready: boolean;
  checks: Record<string, 'ok' | string>;
}

/**
 * Runs every check; those who ask while a round is under way share it, so that asking often costs the stores nothing.
 */
export function readiness(checks: Readonly<Record<string, Check>>): () => Promise<Readiness> {
  let round: Promise<Readiness> | undefined;
  return () => {
    round ??= runChecks(checks).finally(() => {
      round = undefined;
    });
    return round;
  };
}

async function runChecks(checks: Readonly<Record<string, Check>>): Promise<Readiness> {
  const results = await Promise.all(
    Object.entries(checks).map(async ([name, check]): Promise<[string, string]> => {
      try {
        await check();
        return [name, 'ok'];
      } catch (error) {
        return [name, error instanceof Error ? error.message : String(error)];
      }
    }),
  );
  return { ready: results.every(([, result]) => result === 'ok'), checks: Object.fromEntries(results) };
}
