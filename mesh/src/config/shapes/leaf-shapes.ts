import { isIP, isIPv6 } from 'node:net';
import { closest } from '../closest.ts';
import { didYouMean } from '../fault.ts';
import type { Cursor } from '../tree/cursor.ts';
import { formatDuration, parseDuration } from './duration.ts';
import { formatBytes, parseBytes } from './quantity.ts';
import { maxPatternLength } from './regex.ts';
import type { Shape } from './shape.ts';

/** The scalar at `at` if it is of the wanted type; a string with variables counts as the value that it spells. */
function scalarAs<T>(
  at: Cursor,
  spelled: (text: string) => T | undefined,
  is: (value: unknown) => value is T,
): T | undefined {
  if (at.tree.kind !== 'scalar') return undefined;
  at.reportVariableFaults();
  if (is(at.tree.value)) return at.tree.value;
  return at.tree.substituted && typeof at.tree.value === 'string' ? spelled(at.tree.value) : undefined;
}

const isString = (value: unknown): value is string => typeof value === 'string';
const isNumber = (value: unknown): value is number => typeof value === 'number';
const isBoolean = (value: unknown): value is boolean => typeof value === 'boolean';
const spelledNumber = (text: string): number | undefined =>
  /^-?[0-9]+(\.[0-9]+)?$/.test(text) ? Number(text) : undefined;

/** The mesh's deadlines end at 24 hours (`deadlineMaxMs` of the policies). */
const longestWaitMs = 86_400_000;

export interface TextRule {
  says: string;
  /** Null if the text is good, otherwise the rule that it breaks (empty = `must be ${says}`). */
  fault?: (text: string) => string | null;
  max?: number;
  /** The value may be a secret: faults do not show it. */
  secret?: boolean;
  fallback?: string;
}

export function text(rule: TextRule): Shape<string> {
  const { says, max = 253, secret = false, fallback = '' } = rule;
  return {
    says,
    fallback,
    read: (at) => {
      const value = scalarAs(at, (spelled) => spelled, isString);
      if (value === undefined) {
        const quoted = at.tree.kind === 'scalar' ? { hint: `a text: write it in quotes` } : {};
        at.fault([], `must be ${says}`, { hideValue: secret, ...quoted });
        return fallback;
      }
      if (value.length > max) at.fault([], `must not be longer than ${max} characters`, { hideValue: secret });
      const broken = rule.fault?.(value) ?? null;
      if (broken !== null) at.fault([], broken === '' ? `must be ${says}` : broken, { hideValue: secret });
      return broken === null ? value : fallback;
    },
    write: (value) => value,
  };
}

const matching = (pattern: RegExp) => (value: string) => (pattern.test(value) ? null : '');

export function number(limits: { min: number; max: number; unit?: string; whole?: boolean }): Shape<number> {
  const { min, max, unit, whole = false } = limits;
  const says = `${whole ? 'a whole number' : 'a number'}${unit === undefined ? '' : ` (${unit})`}, ${min} to ${max}`;
  return {
    says,
    fallback: min,
    read: (at) => {
      const value = scalarAs(at, spelledNumber, isNumber);
      if (value === undefined || !(value >= min && value <= max) || (whole && !Number.isInteger(value))) {
        at.fault([], `must be ${says}`);
        return min;
      }
      return value;
    },
    write: (value) => value,
  };
}

export const wholeNumber = (min: number, max: number, unit?: string): Shape<number> =>
  number({ min, max, whole: true, ...(unit === undefined ? {} : { unit }) });
export const percent: Shape<number> = number({ min: 0, max: 100, unit: 'percent' });

export const flag: Shape<boolean> = {
  says: 'true or false',
  fallback: false,
  read: (at) => {
    const value = scalarAs(
      at,
      (spelled) => (spelled === 'true' ? true : spelled === 'false' ? false : undefined),
      isBoolean,
    );
    if (value === undefined) at.fault([], 'must be true or false');
    return value ?? false;
  },
  write: (value) => value,
};

export function oneOf<const T extends string>(names: readonly [T, ...T[]]): Shape<T> {
  const says = names.length === 1 ? names[0] : `one of ${names.join(', ')}`;
  return {
    says,
    fallback: names[0],
    read: (at) => {
      const value = scalarAs(at, (spelled) => spelled, isString);
      const found = names.find((name) => name === value);
      if (found === undefined) {
        at.fault([], `must be ${says}`, value === undefined ? {} : didYouMean(closest(value, names)));
      }
      return found ?? names[0];
    },
    write: (value) => value,
  };
}

/** One of a few numbers. */
export function oneOfNumbers<const T extends number>(numbers: readonly [T, ...T[]]): Shape<T> {
  const says = `one of ${numbers.join(', ')}`;
  return {
    says,
    fallback: numbers[0],
    read: (at) => {
      const value = scalarAs(at, spelledNumber, isNumber);
      const found = numbers.find((candidate) => candidate === value);
      if (found === undefined) at.fault([], `must be ${says}`);
      return found ?? numbers[0];
    },
    write: (value) => value,
  };
}

/** A GEP-2257 duration as milliseconds. */
export function duration(limits: { minMs?: number; maxMs?: number } = {}): Shape<number> {
  const { minMs = 0, maxMs = 86_400_000 } = limits;
  const range = `${formatDuration(minMs)} to ${formatDuration(maxMs)}`;
  const says = `a duration such as 500ms, 10s or 1m30s, ${range}`;
  return {
    says,
    fallback: minMs,
    read: (at) => {
      const written = scalarAs(at, (spelled) => spelled, isString);
      const value = written === undefined ? null : parseDuration(written);
      if (value === null || value < minMs || value > maxMs) {
        const bare = scalarAs(at, spelledNumber, isNumber);
        at.fault([], `must be ${says}`, bare === undefined ? {} : { hint: 'a number needs a unit: ms, s, m or h' });
        return minMs;
      }
      return value;
    },
    write: formatDuration,
  };
}

/**
 * A duration of the Gateway API, of any length. The mesh waits 24 hours at most: a longer duration counts as 24 hours,
 * with a warning.
 */
export const standardDuration: Shape<number> = (() => {
  const shape = duration({ maxMs: 399_996 * 3_600_000 });
  return {
    ...shape,
    says: 'a duration such as 500ms, 10s or 1m30s',
    read: (at: Cursor) => {
      const value = shape.read(at);
      if (value <= longestWaitMs) return value;
      at.warn([], `is longer than the mesh waits: it counts as ${formatDuration(longestWaitMs)}`);
      return longestWaitMs;
    },
  };
})();

/** A size in bytes, as a Kubernetes quantity. */
export function bytes(limits: { min?: number; max: number }): Shape<number> {
  const { min = 0, max } = limits;
  const says = `a size in bytes such as 65536, 64Ki or 1Mi, ${formatBytes(min)} to ${formatBytes(max)}`;
  return {
    says,
    fallback: min,
    read: (at) => {
      at.reportVariableFaults();
      const scalar = at.tree.kind === 'scalar' ? at.tree.value : null;
      const value = typeof scalar === 'string' || typeof scalar === 'number' ? parseBytes(String(scalar)) : null;
      if (value === null || value < min || value > max) {
        at.fault([], `must be ${says}`);
        return min;
      }
      return value;
    },
    write: formatBytes,
  };
}

export const port: Shape<number> = wholeNumber(1, 65535);
/** Transport protocols of Kubernetes ports; the mesh speaks HTTP over TCP. */
export const protocol: Shape<'TCP' | 'UDP' | 'SCTP'> = oneOf(['TCP', 'UDP', 'SCTP']);

const label = '[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?';
/** RFC 1123 label: names of services, listeners, rules. */
export const labelName: Shape<string> = text({
  says: 'a name of lower-case letters, digits and "-" (at most 63)',
  max: 63,
  fault: matching(new RegExp(`^${label}$`)),
});
/** RFC 1123 subdomain: names of other objects. */
export const objectName: Shape<string> = text({
  says: 'a name of lower-case letters, digits, "-" and "."',
  fault: matching(new RegExp(`^${label}(\\.${label})*$`)),
});
/** A host name to match (Gateway API): no address, no port, a wildcard only as the whole first label. */
export const hostname: Shape<string> = text({
  says: 'a host name in lower case without port, maybe with "*." before it',
  fault: (value) => {
    if (isIP(value) !== 0) return 'must be a host name, not an IP address';
    return new RegExp(`^(\\*\\.)?${label}(\\.${label})*$`).test(value) ? null : '';
  },
});
export const preciseHostname: Shape<string> = text({
  says: 'a host name in lower case without port or wildcard',
  fault: matching(new RegExp(`^${label}(\\.${label})*$`)),
});
/** Where to connect: a host name or an IP address. */
export const hostOrAddress: Shape<string> = text({
  says: 'a host name or an IP address',
  fault: (value) => (isIP(value) !== 0 || new RegExp(`^${label}(\\.${label})*\\.?$`).test(value) ? null : ''),
});
export const ipAddress: Shape<string> = text({
  says: 'an IPv4 or IPv6 address',
  fault: (value) => (isIP(value) === 0 ? '' : null),
});
export const cidr: Shape<string> = text({
  says: 'an IP address or a block of them (10.0.0.0/8)',
  fault: (value) => {
    const [address = '', bits, ...rest] = value.split('/');
    if (isIP(address) === 0 || rest.length > 0) return '';
    return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (isIPv6(address) ? 128 : 32)) ? null : '';
  },
});

const token = /^[A-Za-z0-9!#$%&'*+\-.^_`|~]+$/;
export const lowerCase = (shape: Shape<string>): Shape<string> => ({
  ...shape,
  read: (at) => shape.read(at).toLowerCase(),
});
/** RFC 9110 field name; read in lower case. */
export const headerName: Shape<string> = lowerCase(
  text({ says: 'a header name', max: 256, fault: matching(token), fallback: 'x-name' }),
);
export const cookieName: Shape<string> = text({ says: 'a cookie name', max: 128, fault: matching(token) });
export const queryName: Shape<string> = text({
  says: 'the name of a query parameter',
  max: 256,
  fault: (value) => (value === '' ? '' : null),
});
/** RFC 9110 field value without leading or trailing white space. May be a secret. */
export const headerValue: Shape<string> = text({
  says: 'a header value (visible characters, spaces and tabs inside)',
  max: 4096,
  secret: true,
  fault: matching(/^$|^[\x21-\x7e\x80-\xff]([\x20-\x7e\t\x80-\xff]*[\x21-\x7e\x80-\xff])?$/),
});
export const methodName: Shape<string> = oneOf([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'CONNECT',
  'OPTIONS',
  'TRACE',
  'PATCH',
]);
export const matchValue: Shape<string> = text({
  says: 'a text',
  max: maxPatternLength,
  fault: (value) => (value === '' ? 'must not be empty' : null),
});
