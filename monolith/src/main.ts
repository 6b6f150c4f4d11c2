import { allDebts } from './debts.ts';
import { serve } from './serve.ts';

const usageText = `usage: npm run monolith                        serve; configured by the environment (monolith/README.md)
       npm run monolith -- --debts [--json]   list the debts, which DEBTS_PAID pays by name
`;

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const [first, second, ...rest] = args;
  if (first === undefined) return serve(process.env);
  if (first === '--debts' && (second === undefined || second === '--json') && rest.length === 0) {
    process.stdout.write(second === '--json' ? `${JSON.stringify(allDebts)}\n` : debtTable());
    return 0;
  }
  const asksForHelp = first === '--help' || first === '-h';
  (asksForHelp ? process.stdout : process.stderr).write(usageText);
  return asksForHelp ? 0 : 2;
}

function debtTable(): string {
  const width = Math.max(...allDebts.map(({ name }) => name.length));
  return allDebts
    .map(
      ({ number, name, tunable, path, summary }) =>
        `${String(number).padStart(2)}  ${name.padEnd(width)}  ${path}  ${tunable ? 'tunable' : '       '}  ${summary}\n`,
    )
    .join('');
}
