const barWidth = 30;
const redrawMs = 100;

/** The output of the progress, and whether it can overwrite lines. */
export interface Terminal {
  isTTY: boolean;
  write(text: string): void;
}

/** On a terminal one bar for all rows of a seed; otherwise one line for each part. */
export class Progress {
  readonly #terminal: Terminal;
  readonly #total: number;
  readonly #nowMs: () => number;
  #done = 0;
  #part = '';
  #drawnAtMs = Number.NEGATIVE_INFINITY;

  constructor(terminal: Terminal, total: number, nowMs: () => number) {
    this.#terminal = terminal;
    this.#total = total;
    this.#nowMs = nowMs;
  }

  /** Begins a part with a readable name. */
  start(part: string): void {
    this.#part = part;
    if (this.#terminal.isTTY) this.#draw();
    else this.#terminal.write(`seed: ${part}\n`);
  }

  /** Reports `rows` more rows as done. */
  advance(rows: number): void {
    this.#done += rows;
    if (this.#terminal.isTTY && this.#nowMs() - this.#drawnAtMs >= redrawMs) this.#draw();
  }

  /** Ends the bar with a line break. */
  finish(): void {
    if (!this.#terminal.isTTY) return;
    this.#draw();
    this.#terminal.write('\n');
  }

  #draw(): void {
    this.#drawnAtMs = this.#nowMs();
    const share = this.#total === 0 ? 1 : Math.min(1, this.#done / this.#total);
    const filled = Math.round(share * barWidth);
    const bar = '█'.repeat(filled) + '░'.repeat(barWidth - filled);
    const percent = String(Math.floor(share * 100)).padStart(3);
    this.#terminal.write(`\r${bar} ${percent} %  ${this.#part.padEnd(28).slice(0, 28)}`);
  }
}
