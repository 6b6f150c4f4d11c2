import { formatFault } from '../config/fault.ts';
import { loadConfig } from '../config/parse.ts';
import type { Variables } from '../config/reading/substitute.ts';
import type { DocumentsResult } from '../run.ts';

/** Reads the documents of a folder for a mesh that runs. */
export async function documentsIn(folder: string, variables: Variables): Promise<DocumentsResult> {
  const result = await loadConfig([folder], variables);
  if (!result.ok) return { faults: result.faults.map(formatFault) };
  const { config, warnings } = result;
  const unresolved = warnings.filter((warning) => warning.unresolved === true);
  return { config, warnings: warnings.map(formatFault), unresolved: unresolved.map(formatFault) };
}
