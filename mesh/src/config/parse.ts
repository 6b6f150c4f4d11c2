import { byPlace, type Fault } from './fault.ts';
import type { MeshConfig } from './model.ts';
import { readDocuments } from './reading/documents.ts';
import { readFiles, type SourceFile } from './reading/files.ts';
import type { Variables } from './reading/substitute.ts';
import { effectivePolicies } from './resolving/effective-policies.ts';
import { normalize } from './resolving/normalize.ts';
import type { PolicySource } from './resolving/policy-source.ts';
import { checkReferences } from './resolving/references.ts';
import { warnOfShadowing } from './resolving/shadowing.ts';
import { digestOf } from './writing/digest.ts';

export type { PolicySource };

/** A configuration, or why there is none. */
export type ConfigResult =
  | { ok: true; config: MeshConfig; digest: string; warnings: Fault[]; documents: number; policies: PolicySource[] }
  | { ok: false; faults: Fault[]; warnings: Fault[]; documents: number };

/**
 * Reads, checks and normalizes documents. With any fault there is no configuration; the result has all faults, in the
 * order of reading.
 *
 * @param variables values of `${NAME}` in the documents
 */
export function parseConfig(files: readonly SourceFile[], variables: Variables): ConfigResult {
  const { documents, origins, faults } = readDocuments(files, variables);
  const policies = effectivePolicies(documents);
  checkReferences(documents, policies);
  warnOfShadowing(documents);
  const all = [...faults, ...origins.flatMap((origin) => origin.faults)];
  const count = Object.values(documents).reduce((sum, list) => sum + list.length, 0);
  if (count === 0 && !all.some(({ severity }) => severity === 'error')) {
    const file = files.map(({ name }) => name).join(', ') || '(none)';
    all.push({
      severity: 'error',
      file,
      document: 0,
      line: 0,
      column: 0,
      object: '',
      path: '',
      rule: 'must hold at least one document',
    });
  }
  const errors = all.filter(({ severity }) => severity === 'error').sort(byPlace);
  const warnings = all.filter(({ severity }) => severity === 'warning').sort(byPlace);
  if (errors.length > 0) return { ok: false, faults: errors, warnings, documents: count };
  const config = normalize(documents, policies);
  return { ok: true, config, digest: digestOf(config), warnings, documents: count, policies: policies.sources };
}

/** Reads a configuration from files and folders, as `mesh run` and `mesh check` do. */
export async function loadConfig(paths: readonly string[], variables: Variables): Promise<ConfigResult> {
  const { files, faults } = await readFiles(paths);
  if (files.length === 0 && faults.length > 0) return { ok: false, faults, warnings: [], documents: 0 };
  const result = parseConfig(files, variables);
  if (faults.length === 0) return result;
  const parsed = result.ok ? [] : result.faults;
  return { ok: false, faults: [...faults, ...parsed], warnings: result.warnings, documents: result.documents };
}
