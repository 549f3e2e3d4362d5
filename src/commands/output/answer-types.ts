/** What kind of values a column of an answer has, as files of other programs know them. */
export type AnswerKind =
  | { kind: 'integer' }
  | { kind: 'decimal'; precision: number; scale: number }
  | { kind: 'float' }
  | { kind: 'boolean' }
  | { kind: 'date' }
  | { kind: 'timestamp'; withZone: boolean }
  /** Everything else, as text: nested values and JSON as JSON. */
  | { kind: 'text' };

/** Reads the type of a column as a warehouse spells it. An unknown one is text. */
export function answerKind(type: string): AnswerKind {
  const name = type.trim().toUpperCase();
  const [, precision, scale = '0'] = /^(?:DECIMAL|NUMERIC)\((\d+)(?:,\s*(\d+))?\)$/.exec(name) ?? [];
  if (precision !== undefined) {
    // BigQuery has decimals of more digits than Parquet.
    if (Number(precision) > maxDecimalDigits) return { kind: 'text' };
    return { kind: 'decimal', precision: Number(precision), scale: Number(scale) };
  }
  if (/^U?(TINYINT|SMALLINT|INTEGER|BIGINT)$|^INT(2|4|8|64)?$/.test(name)) return { kind: 'integer' };
  // Sums of integers.
  if (/^U?HUGEINT$/.test(name)) return { kind: 'decimal', precision: maxDecimalDigits, scale: 0 };
  if (name === 'NUMERIC') return { kind: 'decimal', precision: maxDecimalDigits, scale: 9 };
  if (/^(FLOAT(4|8|64)?|REAL|DOUBLE( PRECISION)?)$/.test(name)) return { kind: 'float' };
  if (/^BOOL(EAN)?$/.test(name)) return { kind: 'boolean' };
  if (name === 'DATE') return { kind: 'date' };
  if (/^TIMESTAMP( WITH TIME ZONE|TZ)$/.test(name)) return { kind: 'timestamp', withZone: true };
  if (/^(TIMESTAMP(_S|_MS| WITHOUT TIME ZONE)?|DATETIME)$/.test(name))
    return { kind: 'timestamp', withZone: false };
  return { kind: 'text' };
}

const maxDecimalDigits = 38;
