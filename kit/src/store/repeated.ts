/**
 * Runs a transaction again as a whole when the server gave it up because of another one.
 *
 * @param attemptsAfter how often a transaction may run in all that failed with the error; 1 if it must not be repeated
 */
export async function repeated<Result>(
  attempt: () => Promise<Result>,
  attemptsAfter: (error: unknown) => number,
): Promise<Result> {
  for (let attempts = 1; ; attempts++) {
    try {
      return await attempt();
    } catch (error) {
      if (attempts >= attemptsAfter(error)) throw error;
    }
  }
}
