const factors: Readonly<Record<string, number>> = {
  '': 1,
  k: 1000,
  M: 1_000_000,
  G: 1_000_000_000,
  Ki: 1024,
  Mi: 1_048_576,
  Gi: 1_073_741_824,
};

/** Bytes of a Kubernetes quantity (`65536`, `64Ki`, `1M`), or null. */
export function parseBytes(text: string): number | null {
  const found = /^([0-9]{1,15})(k|M|G|Ki|Mi|Gi)?$/.exec(text);
  if (found === null) return null;
  const bytes = Number(found[1]) * (factors[found[2] ?? ''] as number);
  return Number.isSafeInteger(bytes) ? bytes : null;
}

/** The shortest quantity of a number of bytes in binary units. */
export function formatBytes(bytes: number): string {
  for (const unit of ['Gi', 'Mi', 'Ki']) {
    const factor = factors[unit] as number;
    if (bytes > 0 && bytes % factor === 0) return `${bytes / factor}${unit}`;
  }
  return String(bytes);
}
