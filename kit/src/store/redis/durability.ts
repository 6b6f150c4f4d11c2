/** What the server must be set to so that it loses nothing that it acknowledged. */
const wanted: Readonly<Record<string, readonly [string, string]>> = {
  appendonly: ['yes', 'everything is lost when the server ends'],
  appendfsync: ['always', 'writes that were acknowledged are lost when the server is killed'],
  'maxmemory-policy': ['noeviction', 'keys are dropped when memory is short'],
};

export const durabilitySettings: readonly string[] = Object.keys(wanted);

/** One phrase for each setting that is wrong. */
export function durabilityFaults(settings: Readonly<Record<string, string>>): string[] {
  return Object.entries(wanted)
    .filter(([name, [value]]) => settings[name] !== undefined && settings[name] !== value)
    .map(([name, [value, harm]]) => `${name} is ${settings[name]} and not ${value}: ${harm}`);
}
