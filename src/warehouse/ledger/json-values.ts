/**
 * `2026-01-02T03:04:05.000Z`, with six or nine decimals of a second only if needed. Undefined
 * outside of Date's range.
 */
export function isoTime(nanos: bigint): string | undefined {
  const belowMilli = ((nanos % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const date = new Date(Number((nanos - belowMilli) / 1_000_000n));
  if (Number.isNaN(date.getTime())) return undefined;
  const digits = String(belowMilli)
    .padStart(6, '0')
    .replace(/^000000$|000$/, '');
  return `${date.toISOString().slice(0, -1)}${digits}Z`;
}

/**
 * Parses JSON text. Numbers with more digits than a double holds become strings. Returns text that
 * is not JSON unchanged.
 */
export function parseJsonText(text: string): unknown {
  const safe = text.replace(/"(?:[^"\\]|\\.)*"|-?\d[\d.]*(?:[eE][+-]?\d+)?/g, (token) =>
    !token.startsWith('"') && token.replace(/[eE].*/, '').replace(/\D/g, '').length > 15
      ? `"${token}"`
      : token,
  );
  try {
    return JSON.parse(safe);
  } catch {
    return text;
  }
}

/** A list that a query returned as JSON text. */
export function jsonList<Each>(text: unknown): Each[] {
  return (JSON.parse((text as string | null) ?? 'null') as Each[] | null) ?? [];
}
