/** A step of the guide: the commands, and the promised output. */
export interface Step {
  /** The heading above it. */
  title: string;
  commands: string;
  /** Lines that must appear in this order; `…` stands for anything. */
  sees: string[];
}

/**
 * Reads the steps of a chapter: each ```sh block with the ```text block that follows it. Blocks marked
 * ```sh terminal run until they are stopped, or for long, and are returned separately; so are those marked ```sh
 * docker, for readers with Docker alone.
 */
export function stepsOf(markdown: string): { steps: Step[]; terminals: string[]; docker: string[] } {
  const steps: Step[] = [];
  const terminals: string[] = [];
  const docker: string[] = [];
  let title = '';
  for (const match of markdown.matchAll(/^(?:#+ (.+)|```(\w+)( terminal| docker)?\n([\s\S]*?)```)$/gm)) {
    const [, heading, language, mark, content = ''] = match;
    if (heading !== undefined) title = heading;
    else if (language === 'sh' && mark === ' terminal') terminals.push(content.trim());
    else if (language === 'sh' && mark === ' docker') docker.push(content.trim());
    else if (language === 'sh') steps.push({ title, commands: content.trim(), sees: [] });
    else if (language === 'text')
      steps.at(-1)?.sees.push(
        ...content
          .split('\n')
          .map((line) => line.trim())
          .filter(Boolean),
      );
  }
  return { steps, terminals, docker };
}

/**
 * The commands of a chapter for readers with Docker alone, by the chapter's table of two columns: each row has the
 * beginning of a command with npm and with Docker.
 * @throws Error when a command begins with `npm` and has no row
 */
export function inDocker(markdown: string): (commands: string) => string {
  const rows = [...markdown.matchAll(/^\| `(npm [^`]*?)(?: …)?` \| `(docker [^`]*?)(?: …)?` \|$/gm)];
  return (commands) =>
    commands
      .split('\n')
      .map((line) => {
        const row = rows.find(([, npm = '']) => line.startsWith(npm));
        if (row !== undefined) return `${row[2]}${line.slice(row[1]?.length)}`;
        if (line.startsWith('npm ')) throw new Error(`the table has no row for: ${line}`);
        return line;
      })
      .join('\n');
}

/** The command lines of a page's code blocks that begin with one of `words`, in order and without their comments. */
export function commandsOf(markdown: string, words: readonly string[]): string[] {
  const blocks = [...markdown.matchAll(/^```\w*\n([\s\S]*?)^```$/gm)].map(([, content = '']) => content);
  return blocks
    .flatMap((content) => content.split('\n'))
    .map((line) => line.replace(/\s+#.*$/, '').trim())
    .filter((line) => words.some((word) => line.startsWith(word)));
}

/** The first promised line that `output` does not show after the ones before it; null where it shows them all. */
export function missingLine(sees: readonly string[], output: string): string | null {
  let from = 0;
  for (const line of sees) {
    const pattern = line
      .split('…')
      .map((part) =>
        part
          .trim()
          .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
          .replace(/\s+/g, '\\s+'),
      )
      .join('[^\\n]*');
    const found = new RegExp(pattern).exec(output.slice(from));
    if (found === null) return line;
    from += found.index + found[0].length;
  }
  return null;
}
