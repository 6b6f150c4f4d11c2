import type { Report } from '../proof/report-data.ts';
import { escapeHtml } from './escape-html.ts';
import { ms } from './figures.ts';

const width = 1000;
const rowHeight = 30;
const left = 330;
const right = 90;

interface Bar {
  label: string;
  from: number;
  to: number;
  color: string;
  figure: string;
}

/** The road from the legacy median down to the extracted one: what each debt costs, and what no debt accounts for. */
export function ledger({ stages, causes }: Report): string {
  const legacy = stages.find(({ name }) => name === 'legacy')?.p50Ms ?? 0;
  const tuned = stages.find(({ name }) => name === 'tuned')?.p50Ms ?? 0;
  const extracted = stages.find(({ name }) => name === 'extracted')?.p50Ms ?? 0;
  const bars: Bar[] = [{ label: 'legacy p50', from: 0, to: legacy, color: '#d1495b', figure: ms(legacy) }];
  let level = legacy;
  const fall = (label: string, by: number, color: string) => {
    const next = level - by;
    bars.push({
      label,
      from: Math.max(0, next),
      to: level,
      color,
      figure: `${by < 0 ? '+' : '−'}${ms(Math.abs(by))}`,
    });
    level = next;
  };
  const name = ({ number, debt }: Report['causes'][number]) => `Debt ${number}: ${debt}`;
  for (const cause of causes.filter(({ tunable }) => tunable)) fall(name(cause), cause.ms, '#e0a030');
  fall('overlap of these debts', level - tuned, '#8d99ae');
  bars.push({ label: 'tuned p50', from: 0, to: tuned, color: '#e0a030', figure: ms(tuned) });
  for (const cause of causes.filter(({ tunable }) => !tunable)) fall(name(cause), cause.ms, '#2a9d8f');
  fall('the rest of the monolith’s path', level - extracted, '#8d99ae');
  bars.push({ label: 'extracted p50', from: 0, to: extracted, color: '#2a9d8f', figure: ms(extracted) });

  const most = Math.max(...bars.map(({ to }) => to), 1);
  const x = (value: number) => left + (value / most) * (width - left - right);
  const rows = bars.map(({ label, from, to, color, figure }, row) => {
    const y = row * rowHeight;
    const wide = Math.max(1.5, x(to) - x(from));
    return `<text x="${left - 12}" y="${y + 20}" text-anchor="end">${escapeHtml(label)}</text><rect x="${x(from).toFixed(1)}" y="${y + 5}" width="${wide.toFixed(1)}" height="${rowHeight - 10}" fill="${color}" rx="2"/><text x="${(x(from) + wide + 8).toFixed(1)}" y="${y + 20}">${escapeHtml(figure)}</text>`;
  });
  const table = causes.map(
    (cause) =>
      `<tr><td>${cause.number}</td><td>${escapeHtml(cause.debt)}</td><td>${escapeHtml(cause.summary)}</td><td class="number"><b>${ms(cause.ms)}</b></td><td class="number">${cause.cpuMs === null ? '–' : ms(cause.cpuMs)}</td><td class="number">${ms(cause.spreadMs[0])} to ${ms(cause.spreadMs[1])}</td><td>${cause.tunable ? 'tuning' : 'extraction'}</td></tr>`,
  );
  return `<div class="wide"><svg viewBox="0 0 ${width} ${bars.length * rowHeight}" role="img" aria-label="Cause ledger">${rows.join('')}</svg></div>
<div class="wide"><table><tr><th></th><th>debt</th><th></th><th>costs (p50)</th><th>CPU</th><th>rounds</th><th>paid by</th></tr>${table.join('')}</table></div>
<p class="small">Each debt was priced by paying it alone and subtracting the medians; debts overlap. “CPU”: of the monolith and its store, which a busy machine changes least.</p>`;
}
