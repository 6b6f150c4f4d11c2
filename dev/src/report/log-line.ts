import { recordOf } from '../stack/log-record.ts';

/** Fields that are shown below the line, not on it. */
type ErrorField = { message?: unknown; stack?: unknown } | undefined;

/**
 * A line of a log for a person: time, process, severity, message, and the attributes as `key=value`; an error's stack
 * below. A line that is no record (of a store, or a stack trace) stays as it is. Control characters are shown as text:
 * a log may hold input of clients, which a terminal would interpret.
 */
export function logLine(process: string, line: string, width = 0): string {
  const name = process.padEnd(width);
  const record = recordOf(line);
  if (record === null) return `${' '.repeat(12)}  ${name}  ${visible(line)}`;
  const { timestamp = '', severityText = '', body = '', traceId } = record;
  const { err, ...attributes } = record.attributes ?? {};
  const error = err as ErrorField;
  const words = [
    String(body),
    ...Object.entries(attributes).map(([key, value]) => `${key}=${short(value)}`),
    ...(traceId === undefined ? [] : [`trace=${traceId}`]),
    ...(error === undefined ? [] : [`err=${short(error.message ?? error)}`]),
  ];
  const head = `${(/T([\d:.]{12})/.exec(timestamp)?.[1] ?? '').padEnd(12)}  ${name}  ${severityText.padEnd(5)}  `;
  // The first line of a stack is the message again.
  const frames =
    typeof error?.stack === 'string' ? error.stack.split('\n').filter((frame) => /^\s+at /.test(frame)) : [];
  return [visible(head + words.join('  ')), ...frames.map((frame) => visible(`    ${frame}`))].join('\n');
}

function short(value: unknown): string {
  if (typeof value === 'string') return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
  return JSON.stringify(value) ?? '';
}

/** C0, DEL and C1 control characters, except the tab, as `\xNN`. */
function visible(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal interprets these.
  return text.replace(/[\x00-\x08\x0a-\x1f\x7f-\x9f]/g, (char) => {
    return `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}
