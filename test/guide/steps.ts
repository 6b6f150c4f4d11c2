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
 * until they are stopped, or for long, and are told apart.
 */
export function stepsOf(markdown: string): { steps: Step[]; terminals: string[] } {
  const steps: Step[] = [];
  const terminals: string[] = [];
  let title = '';
  for (const match of markdown.matchAll(/^(?:#+ (.+)|```(\w+)( terminal)?\n([\s\S]*?)```)$/gm)) {
    const [, heading, language, terminal, content = ''] = match;
    if (heading !== undefined) title = heading;
    else if (language === 'sh' && terminal !== undefined) terminals.push(content.trim());
    else if (language === 'sh') steps.push({ title, commands: content.trim(), sees: [] });
    else if (language === 'text')
      steps.at(-1)?.sees.push(
        ...content
          .split('\n')
          .map((line) => line.trim())
          .filter(Boolean),
      );
  }
  return { steps, terminals };
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
