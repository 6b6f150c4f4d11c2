import { kinds } from '../kinds/kinds.ts';
import type { FieldDescription, Inside } from '../shapes/shape.ts';

/** The generated part of README.md in Markdown: every kind and field with its type and default. */
export function referenceText(): string {
  const sections = Object.entries(kinds).map(([kind, { apiVersion, shape, doc }]) => {
    const rows = rowsOf(shape.inside, '').filter((row) => !isSaidElsewhere(row.path));
    const lines = rows.map((row) => `| \`${row.path}\` | ${row.says} | ${row.presence} | ${row.doc} |`);
    const head = ['| field | takes | default | |', '| --- | --- | --- | --- |'];
    return [`### ${kind}`, '', `\`apiVersion: ${apiVersion}\`. ${doc}`, '', ...head, ...lines].join('\n');
  });
  return sections.join('\n\n');
}

interface Row {
  path: string;
  says: string;
  presence: string;
  doc: string;
}

/** Fields that every kind has, or that another row describes: README.md describes them once. */
const isSaidElsewhere = (path: string): boolean =>
  path.startsWith('metadata') ||
  path.includes('backendRefs[].filters[]') ||
  path.includes('ruleDefaults.filters[]') ||
  path.includes('responseHeaderModifier.');

function rowsOf(inside: Inside | undefined, path: string): Row[] {
  if (inside === undefined) return [];
  if ('item' in inside) return rowsOf(inside.item.inside, `${path}[]`);
  return Object.values(inside.fields).flatMap((field) => {
    const fieldPath = path === '' ? field.key : `${path}.${field.key}`;
    // A mapping whose fields follow gets no row of its own, unless its presence alone has a meaning.
    const inner = rowsOf(field.inside, fieldPath);
    const own =
      inner.length > 0 && field.says === 'a mapping' && field.presence !== 'optional' ? [] : [rowOf(field, fieldPath)];
    return [...own, ...inner];
  });
}

function rowOf({ says, presence, defaultText, doc }: FieldDescription, path: string): Row {
  const shown = presence === 'default' ? `\`${defaultText ?? ''}\`` : presence === 'required' ? '**required**' : '';
  return {
    path,
    says: cell(says.replace(/ such as [^,]+,( [0-9a-zA-Z]+,?)? or [^,]+/, '')),
    presence: cell(shown),
    doc: cell(doc),
  };
}

/** A pipe would end the cell, and a star might begin emphasis. */
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll(/"\*(\.?)"/g, '`*$1`');
