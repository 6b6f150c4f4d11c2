import { formatFault } from '../config/fault.ts';
import { loadConfig } from '../config/parse.ts';
import type { Variables } from '../config/reading/substitute.ts';
import type { DocumentsResult } from '../run.ts';

/** Reads the documents for a mesh that runs. @param paths files, folders and patterns */
export async function documentsIn(paths: readonly string[], variables: Variables): Promise<DocumentsResult> {
  const result = await loadConfig(paths, variables);
  if (!result.ok) return { faults: result.faults.map(formatFault) };
  const { config, warnings, policies } = result;
  const unresolved = warnings.filter((warning) => warning.unresolved === true);
  return { config, warnings: warnings.map(formatFault), unresolved: unresolved.map(formatFault), policies };
}
