import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { memoryOf } from '../stack/memory.ts';
import type { ProcessStatus, StackStatus } from '../stack/status.ts';
import { table } from './table.ts';

/** What `npm start` prints when everything is up: where it is, what stays down and how to get it, and what to try next. */
export function summary(
  status: StackStatus,
  ms: number | null,
  measure: (pid: number) => number | null = memoryOf,
): string {
  const memory = (pid: number | null) => {
    const bytes = pid === null ? null : measure(pid);
    return bytes === null ? '' : `${Math.round(bytes / 1024 ** 2)} MB`;
  };
  const rows: string[][] = [];
  const down: string[] = [];
  for (const [name, one] of Object.entries(status.processes)) {
    if (one.state === 'down' || one.state === 'failed') down.push(`${name}: ${one.reason}`);
    else if (one.kind === 'process') rows.push(...processRows(name, one, memory(one.pid)));
  }
  for (const [name, one] of Object.entries(status.stores)) {
    if (one.state === 'down') down.push(`${name}: ${one.reason}`);
    else rows.push([name, one.state, hostOf(one.url), String(one.pid ?? ''), memory(one.pid), one.source]);
  }
  const ours = Object.values(status.processes).reduce(
    (sum, { pid }) => sum + (pid === null ? 0 : (measure(pid) ?? 0)),
    0,
  );
  const outside = Object.values(status.stores).flatMap(({ data }) =>
    data === null || data.startsWith(status.folder) ? [] : [data],
  );
  return [
    '',
    ms === null ? '' : `Banyan is up in ${(ms / 1000).toFixed(1)} s. Ctrl-C stops it.\n`,
    table(['process', 'state', 'where', 'pid', 'memory', 'what'], rows),
    ours > 0 ? `\nOur processes together: ${Math.round(ours / 1024 ** 2)} MB.` : '',
    down.length === 0
      ? ''
      : `\nDown, with their routes left to the monolith:\n${down.map((line) => `  ${line}`).join('\n')}`,
    outside.length === 0
      ? ''
      : `\nData outside of the checkout, which the server's user cannot get to: ${outside.join(', ')}`,
    demoClient(status),
    next(status),
  ]
    .filter((part) => part !== '')
    .join('\n');
}

function processRows(name: string, one: ProcessStatus, memory: string): string[][] {
  const urls = Object.entries(one.urls);
  const restarts = one.restarts === 0 ? '' : `restarted ${one.restarts} times`;
  const problem = one.state === 'ready' ? restarts : one.reason;
  const rows = urls.map(([which, url]) => ['', '', url, '', '', which === 'main' ? '' : which]);
  const [first = ['', '', '', '', '', '']] = rows;
  rows[0] = [
    name,
    one.state,
    first[2] ?? '',
    String(one.pid ?? ''),
    memory,
    [first[5], problem].filter(Boolean).join('; '),
  ];
  return rows;
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : '';
}

function demoClient(status: StackStatus): string {
  if (status.credentials === null) return '';
  try {
    const { clients } = JSON.parse(readFileSync(status.credentials, 'utf8')) as {
      clients: { client_id: string; name: string }[];
    };
    const first = clients[0];
    if (first === undefined) return '';
    return `\nDemo client "${first.name}": client_id ${first.client_id}\n  its secret, and other clients: ${shown(status.credentials)}`;
  } catch {
    return '';
  }
}

function next(status: StackStatus): string {
  const edge = status.processes.mesh?.urls.edge ?? status.processes.mesh?.url;
  if (!edge || status.credentials === null) return '';
  const id = `$(node -p 'require("${status.credentials}").clients[0].client_id')`;
  return [
    '\nTry',
    `  curl -d grant_type=implicit -d client_id="${id}" ${edge}/oauth/access_token`,
    '  npm run mesh -- shift token auth=100      tokens now come from the auth service',
    '  npm run load -- token --quick             what that gains, measured',
    `  logs: ${shown(`${status.folder}/logs`)}`,
  ].join('\n');
}

function shown(path: string): string {
  const here = relative(process.cwd(), path);
  return here.startsWith('..') ? path : here;
}
