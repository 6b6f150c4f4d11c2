import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Argument, Command, InvalidArgumentError } from 'commander';
import { progressBar } from './progress.ts';
import type { Outcome } from './proof/report-data.ts';
import { outcomes } from './report/first-screen.ts';
import { writeReport } from './report/write.ts';
import { scenarios as all } from './scenarios/index.ts';
import type { Scenario } from './scenarios/scenario.ts';

interface Flags {
  quick: boolean;
  out: string;
  json: boolean;
  seed: number;
}

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Exit codes of the verdicts. */
const codes: Record<Outcome, number> = { pass: 0, fail: 1, inconclusive: 3 };
const marks: Record<Outcome, string> = { pass: '✔', fail: '✘', inconclusive: '?' };

/** As a shell counts it: 128 and the number of SIGINT. */
const interrupted = 130;

/**
 * Carries out one command line.
 * @returns 0 where the verdict holds, 1 where it fails or the run broke, 2 where the command line is wrong, 3 where the
 * verdict is inconclusive, 130 where the run was interrupted.
 */
export async function runCli(words: readonly string[], scenarios: readonly Scenario[] = all): Promise<number> {
  let code = 0;
  const program = new Command('load')
    .description(
      'Measures what the migration gains, and gives a verdict. Sends load to this machine only, with limits on requests and time.',
    )
    .exitOverride();
  for (const scenario of scenarios) {
    const { subjects } = scenario;
    const command = program.command(scenario.name);
    if (subjects) command.addArgument(new Argument(`<${subjects.kind}>`).choices(subjects.names));
    command
      .summary(scenario.summary)
      .description(
        `Measures: ${scenario.summary}.\n\nExit code: 0 the verdict holds, 1 it fails or the run broke, 2 the command line is wrong, 3 it is inconclusive (a check did not hold, and other work on this machine or a late driver disturbed it: run it again), 130 interrupted.`,
      )
      .option('--quick', 'fewer samples: under a minute once the data is there', false)
      .option(
        '--out <folder>',
        `where ${fileOf(scenario, subjects ? subjects.kind.toUpperCase() : null)}.json and .html go`,
        'report',
      )
      .option('--json', 'print the report as JSON and nothing else', false)
      .option('--seed <number>', 'of random schedules', wholeNumber, 1)
      .action(async (...given: unknown[]) => {
        const [subject, flags] = (subjects ? given : [null, ...given]) as [string | null, Flags];
        code = await carryOut(scenario, subject, flags);
      });
  }
  try {
    await program.parseAsync(words, { from: 'user' });
  } catch (error) {
    if (error instanceof Error && 'exitCode' in error) return error.exitCode === 0 ? 0 : 2;
    console.error(`load: ${error instanceof Error ? error.message : error}`);
    return 1;
  }
  return code;
}

function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

const fileOf = ({ file }: Scenario, subject: string | null) => (subject === null ? file : `${file}-${subject}`);

async function carryOut(scenario: Scenario, subject: string | null, flags: Flags): Promise<number> {
  const bar = progressBar(process.stderr);
  const say = (line: string) => {
    bar.clear();
    if (!flags.json) console.log(line);
  };
  const out = resolve(root, flags.out);
  // Before the run: it would be lost on a folder that cannot be written.
  mkdirSync(out, { recursive: true });
  const stop = new AbortController();
  const onSignal = () => {
    // A second signal does not wait for an orderly end.
    if (stop.signal.aborted) process.exit(interrupted);
    bar.clear();
    console.error('load: interrupted; stopping what was started …');
    stop.abort(new Error('interrupted'));
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  try {
    const { quick, seed } = flags;
    const report = await scenario.run({
      subject,
      quick,
      seed,
      folder: root,
      say,
      progress: bar.move,
      signal: stop.signal,
    });
    bar.clear();
    const file = fileOf(scenario, subject);
    const files = writeReport(out, file, report);
    if (flags.json) console.log(JSON.stringify(report));
    else {
      say('');
      const { headline, verdict } = report;
      for (const { name, outcome, detail, disturbances } of verdict.checks) {
        say(`${marks[outcome]} ${name}: ${detail}`);
        for (const disturbance of disturbances) say(`    disturbed: ${disturbance}`);
      }
      say(`\n${headline.figure}: ${headline.change}`);
      say(`${outcomes[verdict.outcome].verdict}\n  ${files.json}\n  ${files.html}`);
      // Where the folder is inside a container: how the reader gets the page out of there.
      const copy = process.env.LOAD_COPY_COMMAND;
      if (copy) say(`\nTo read it:\n  ${copy.replaceAll('NAME', file)}`);
    }
    return codes[report.verdict.outcome];
  } catch (error) {
    // The output of a child that ended with the same signal is not reported.
    if (stop.signal.aborted) return interrupted;
    throw error;
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}
