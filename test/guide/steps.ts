/** A step of the guide: what the reader runs, and what they are told that they will see. */
export interface Step {
  /** The heading that it stands under. */
  title: string;
  commands: string;
  /** Lines that must appear in this order; `…` stands for anything. */
  sees: string[];
}

/**
 * Reads the steps of a chapter: each ```sh block with the ```text block that follows it. Blocks marked ```sh terminal run
 * until they are stopped, or for long, and are told apart; so are those marked ```sh docker, for a reader who has Docker alone.
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
 * The commands of a chapter for a reader who has Docker alone, by the chapter's own table of two columns: each row has what a
 * command begins with, with npm and with Docker.
 * @throws Error where a command begins with `npm` and no row says what it is with Docker
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
