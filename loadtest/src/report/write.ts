import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Report } from '../proof/report-data.ts';
import { reportPage } from './html.ts';

/** Writes NAME.json and NAME.html into `folder` (made if missing), each whole or not at all. Returns their paths. */
export function writeReport(folder: string, name: string, report: Report): { json: string; html: string } {
  mkdirSync(folder, { recursive: true });
  const json = join(folder, `${name}.json`);
  const html = join(folder, `${name}.html`);
  const text = `${JSON.stringify(report, null, 2)}\n`;
  whole(json, text);
  whole(html, reportPage(JSON.parse(text) as Report));
  return { json, html };
}

function whole(path: string, text: string): void {
  writeFileSync(`${path}.part`, text);
  renameSync(`${path}.part`, path);
}
