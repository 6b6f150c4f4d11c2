import { randomInt } from 'node:crypto';
import { Command, InvalidArgumentError } from 'commander';
import { fuzzCase } from './cases.ts';
import { type FuzzReport, fuzz } from './run.ts';

/** The command line of the long form. Exit codes: 0 without findings, 1 with findings, 2 when time ran out first. */

const whole = (text: string): number => {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
};

const range = (text: string): { first: number; last: number } => {
  const parts = /^(\d{1,9})(?:-(\d{1,9}))?$/.exec(text);
  if (parts === null) throw new InvalidArgumentError('It must be a number, or two with a dash between them.');
  const first = Number(parts[1]);
  return { first, last: Number(parts[2] ?? first) };
};

interface Options {
  requests: number;
  seed?: number;
  case?: { first: number; last: number };
  seconds: number;
  concurrency: number;
  json?: true;
}

const program = new Command('fuzz')
  .description(
    'Sends mutated requests to a whole mesh in this process, and compares what the mesh reads with what Node reads behind it.',
  )
  .option('--requests <number>', 'requests to generate', whole, 100_000)
  .option('--seed <number>', 'which requests; chosen and told where it is not given', whole)
  .option('--case <number>', 'only this case, or these (first-last), with what it sends', range)
  .option('--seconds <number>', 'ends after this time, done or not', whole, 900)
  .option('--concurrency <number>', 'connections at a time', whole, 96)
  .option('--json', 'the report as JSON')
  .parse();

const options = program.opts<Options>();
const seed = options.seed ?? randomInt(1_000_000_000);
const say = (line: string) => process.stderr.write(`${line}\n`);

say(`seed ${seed}`);
const { case: cases } = options;
if (cases !== undefined && cases.first === cases.last) {
  const { pieces, behavior, farewell } = fuzzCase(seed, cases.first);
  say(`case ${cases.first}: the upstream: ${behavior}; the client at the end: ${farewell}; it sends, write by write:`);
  for (const piece of pieces) say(`  ${JSON.stringify(piece.toString('latin1'))}`);
}

const report = await fuzz({
  seed,
  requests: options.requests,
  concurrency: Math.max(1, options.concurrency),
  limitMs: options.seconds * 1000,
  ...(cases === undefined ? {} : { cases }),
  onProgress: ({ requests, read, forwarded, seconds }) =>
    say(`${requests} requests, ${read} read, ${forwarded} forwarded, ${seconds.toFixed(0)} s`),
});
process.stdout.write(options.json === true ? `${JSON.stringify({ seed, ...report }, null, 2)}\n` : textOf(report));
process.exitCode = report.findings.length > 0 ? 1 : report.cut ? 2 : 0;

function textOf(report: FuzzReport): string {
  const statuses = Object.entries(report.statuses).map(([status, count]) => `${status}: ${count}`);
  const lines = [
    `seed ${seed}, ${report.connections} connections, ${report.requests} requests, ${report.seconds.toFixed(1)} s`,
    `read by the mesh ${report.read}, refused ${report.refused} (and ${report.unread} that were no requests), forwarded ${report.forwarded}`,
    `read by Node behind it ${report.received}, ${report.bodyBytes} bytes of bodies compared`,
    `replies: ${statuses.join(', ')}`,
  ];
  for (const { cases, what } of report.findings) {
    const which = cases.first === cases.last ? `${cases.first}` : `${cases.first}-${cases.last}`;
    lines.push('', `FOUND in case ${which}:`, ...what.map((one) => `  ${one}`));
    lines.push(`  again: npm run fuzz -w mesh -- --seed ${seed} --case ${which}`);
  }
  lines.push(report.findings.length === 0 ? 'nothing found' : '', report.cut ? 'the time ran out' : '');
  return `${lines.filter((line, i) => line !== '' || i < lines.length - 2).join('\n')}\n`;
}
