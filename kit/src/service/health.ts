/** Rejects with a reason that may be shown, as long as something that the process needs to serve is missing. */
export type Check = () => Promise<void> | void;

export interface Readiness {
  ready: boolean;
  checks: Record<string, 'ok' | string>;
}

/**
 * Makes a function that runs every check. Callers that arrive during a run share its result, so frequent callers add no
 * load to the stores.
 */
export function readiness(checks: Readonly<Record<string, Check>>): () => Promise<Readiness> {
  let run: Promise<Readiness> | undefined;
  return () => {
    run ??= runChecks(checks).finally(() => {
      run = undefined;
    });
    return run;
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
