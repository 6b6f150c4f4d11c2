import { DevError } from '../errors.ts';

const pattern =
  /\$(?:(?<escaped>\$)|(?<plain>[A-Za-z_]\w*)|\{(?<name>[A-Za-z_]\w*)(?:(?<op>:?[-?+])(?<word>[^}]*))?\}|(?<bad>.?))/g;

/**
 * Replaces the variables of a Compose file's string: `$VAR`, `${VAR}`, `${VAR:-default}`, `${VAR-default}`,
 * `${VAR:?message}`, `${VAR:+word}` and `$$`, with the meaning of the Compose specification, section Interpolation.
 * @throws DevError bad_topology when a required variable is missing or a `$` starts nothing known.
 */
export function interpolate(text: string, variables: Readonly<Record<string, string | undefined>>): string {
  return text.replace(pattern, (...args: unknown[]) => {
    const found = args.at(-1) as Record<string, string | undefined>;
    if (found.escaped !== undefined) return '$';
    if (found.plain !== undefined) return variables[found.plain] ?? '';
    if (found.name === undefined) throw new DevError('bad_topology', `"${text}": "$" starts no variable (write "$$")`);
    const value = variables[found.name];
    const word = found.word ?? '';
    // The colon makes an empty value count as missing.
    const present = value !== undefined && !(found.op?.startsWith(':') && value === '');
    switch (found.op?.at(-1)) {
      case '-':
        return present ? (value as string) : word;
      case '+':
        return present ? word : '';
      case '?':
        if (!present) throw new DevError('bad_topology', `${found.name} is not set: ${word || 'it is required'}`);
        return value as string;
      default:
        return value ?? '';
    }
  });
}

/** `interpolate` on every string value of a parsed document; keys stay as they are. */
export function interpolateTree(node: unknown, variables: Readonly<Record<string, string | undefined>>): unknown {
  if (typeof node === 'string') return interpolate(node, variables);
  if (Array.isArray(node)) return node.map((item) => interpolateTree(item, variables));
  if (node === null || typeof node !== 'object') return node;
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, interpolateTree(value, variables)]));
}
