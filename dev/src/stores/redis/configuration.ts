/**
 * The configuration file that says what the command line `redis-server --name value value --other` says.
 * Of a setting that stands twice, the last one counts, as in Redis.
 */
export function configuration(command: readonly string[]): string {
  return options(command)
    .map((words) => `${words[0]} ${words.slice(1).map(quoted).join(' ')}\n`)
    .join('');
}

/** The value of a setting on such a command line; null when it is missing. */
export function settingOf(command: readonly string[], name: string): string | null {
  return options(command).findLast(([key]) => key === name)?.[1] ?? null;
}

/** The options with their values: `[['save', ''], ['port', '6379']]`. */
function options(command: readonly string[]): string[][] {
  const found: string[][] = [];
  for (const word of command) {
    if (word.startsWith('--')) found.push([word.slice(2)]);
    else found.at(-1)?.push(word);
  }
  return found;
}

/** In quotes, so that blanks, quotes and an empty value stay what they are. */
function quoted(value: string): string {
  return `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}
