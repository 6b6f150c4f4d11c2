import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { progressBar } from './progress.ts';
import { writeReport } from './report/write.ts';
import { scenarios } from './scenarios/index.ts';
import type { Scenario } from './scenarios/scenario.ts';

interface Flags {
  quick: boolean;
  out: string;
  json: boolean;
  seed: string;
}

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Carries out one command line.
 * @returns 0 where the verdict holds, 1 where it fails or the run broke, 2 where the command line is wrong.
 */
export async function runCli(words: readonly string[]): Promise<number> {
  let code = 0;
  const program = new Command('load')
    .description(
      'Measures what the migration buys, and judges it. Load goes to this machine only, bounded in count and time.',
    )
    .exitOverride();
  for (const scenario of scenarios) {
    program
      .command(scenario.name)
      .summary(scenario.summary)
      .description(`Measures ${scenario.summary}.\n\nExit code: 0 the verdict holds, 1 it fails.`)
      .option('--quick', 'fewer samples: under a minute once the data is there', false)
      .option('--out <folder>', `where ${scenario.file}.json and ${scenario.file}.html go`, 'report')
      .option('--json', 'print the report as JSON and nothing else', false)
      .option('--seed <number>', 'of random schedules', '1')
      .action(async (flags: Flags) => {
        code = await carryOut(scenario, flags);
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

async function carryOut(scenario: Scenario, flags: Flags): Promise<number> {
  const bar = progressBar(process.stderr);
  const say = (line: string) => {
    bar.clear();
    if (!flags.json) console.log(line);
  };
  const stop = new AbortController();
  const onSignal = () => stop.abort(new Error('broken off'));
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  const seed = Number(flags.seed);
  if (!Number.isSafeInteger(seed)) throw new Error(`--seed must be a whole number: ${flags.seed}`);
  const report = await scenario.run({
    quick: flags.quick,
    seed,
    folder: root,
    say,
    progress: bar.move,
    signal: stop.signal,
  });
  bar.clear();
  const files = writeReport(resolve(root, flags.out), scenario.file, report);
  if (flags.json) console.log(JSON.stringify(report));
  else {
    say('');
    for (const { name, pass, detail } of report.verdict.checks) say(`${pass ? '✔' : '✘'} ${name}: ${detail}`);
    say(`\n${report.verdict.pass ? 'The verdict holds.' : 'The verdict fails.'}\n  ${files.json}\n  ${files.html}`);
  }
  return report.verdict.pass ? 0 : 1;
}
