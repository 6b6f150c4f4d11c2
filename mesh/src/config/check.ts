import { type Fault, formatFault } from './fault.ts';
import { type ConfigResult, loadConfig } from './parse.ts';
import type { Variables } from './reading/substitute.ts';

export interface CheckOptions {
  /** Files and folders. */
  paths: readonly string[];
  json: boolean;
  /** Whether unresolved references count as faults. */
  strict?: boolean;
  variables: Variables;
}

export interface CheckOutcome {
  /** 0 = the mesh would take these documents, 1 = it would refuse them, or `strict` does, 2 = usage error. */
  exitCode: 0 | 1 | 2;
  /** For standard output, without a line feed at its end. */
  output: string;
}

/** `mesh check FILE…|FOLDER`: checks documents as the mesh would, without starting the mesh. */
export async function check(options: CheckOptions): Promise<CheckOutcome> {
  if (options.paths.length === 0) {
    const rule = 'Name at least one file or folder: mesh check FILE…|FOLDER';
    return { exitCode: 2, output: options.json ? JSON.stringify({ ok: false, error: rule }) : rule };
  }
  const result = await loadConfig(options.paths, options.variables);
  const unresolved = result.warnings.filter((warning) => warning.unresolved === true).length;
  const good = result.ok && !(options.strict === true && unresolved > 0);
  const output = options.json ? JSON.stringify(asJson(result, good), null, 2) : asText(result, good, unresolved);
  return { exitCode: good ? 0 : 1, output };
}

function asJson(result: ConfigResult, ok: boolean): object {
  const { documents, warnings } = result;
  return result.ok
    ? { ok, documents, digest: result.digest, faults: [], warnings }
    : { ok, documents, faults: result.faults, warnings };
}

function asText(result: ConfigResult, good: boolean, unresolved: number): string {
  const reported: Fault[] = [...(result.ok ? [] : result.faults), ...result.warnings];
  const faults = result.ok ? 0 : result.faults.length;
  const sum = [
    count(result.documents, 'document'),
    count(faults, 'fault'),
    count(result.warnings.length - unresolved, 'warning'),
    ...(unresolved === 0 ? [] : [count(unresolved, 'unresolved reference')]),
  ].join(', ');
  const digest = result.ok ? `, digest ${result.digest.slice(0, 12)}` : '';
  const verdict = `${good ? 'good' : 'bad'}: ${sum}${digest}`;
  return [...reported.map(formatFault), verdict].join('\n');
}

const count = (number: number, thing: string): string =>
  `${number === 0 ? 'no' : number} ${thing}${number === 1 ? '' : 's'}`;
