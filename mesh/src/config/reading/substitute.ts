/** Values by name, as `process.env`. */
export type Variables = Readonly<Record<string, string | undefined>>;

export interface Substitution {
  text: string;
  /** Whether a variable was filled in. */
  substituted: boolean;
  /** The rules that the variables break. */
  faults: string[];
}

/**
 * Fills in `${NAME}` and `${NAME:-default}` (the default also stands in for an empty value, as in a shell and in
 * Compose); `$${` is a literal `${`. A value is taken literally: it is not expanded again and cannot
 * change the structure of the document.
 */
export function substitute(written: string, variables: Variables): Substitution {
  const faults: string[] = [];
  let substituted = false;
  const text = written.replace(/\$\$\{|\$\{([^}]*)(\}?)/g, (found, inside: string | undefined, end: string) => {
    if (found === '$${') return '${';
    if (end === '') {
      faults.push(`must close "\${" with "}" (a literal "\${" is written "$\${")`);
      return '';
    }
    const parts = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s.exec(inside ?? '');
    if (parts === null) {
      faults.push(
        `must write variables as \${NAME} or \${NAME:-default}, not ${found} (a literal "\${" is written "$\${")`,
      );
      return '';
    }
    substituted = true;
    const [, name = '', fallback] = parts;
    const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
    if (value !== undefined && (value !== '' || fallback === undefined)) return value;
    if (fallback !== undefined) return fallback;
    faults.push(`needs the environment variable ${name}, which is not set (a default is written \${${name}:-default})`);
    return '';
  });
  return { text, substituted, faults };
}
