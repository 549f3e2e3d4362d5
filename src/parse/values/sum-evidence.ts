import type { DocumentCheck } from '../../schema/document-checks.js';
import type { Finding } from './choice.js';
import { type DecimalMark, decimalMarks, readNumber } from './numbers.js';

type TextOf = (column: string) => string | undefined;

/** Sums are compared in units of this many digits behind the mark. */
const scale = 10;

/** Numbers that must add up, read with a decimal point and with a comma. */
export class SumEvidence {
  private readonly checks: { check: DocumentCheck; groups: Map<string, Sums> }[];
  private readonly total: Record<DecimalMark, { rows: number; isRight: boolean }> = {
    '.': { rows: 0, isRight: true },
    ',': { rows: 0, isRight: true },
  };

  /** The parts of a row's `total` are its other decimals. */
  constructor(
    private readonly columns: string[],
    checks: DocumentCheck[],
  ) {
    this.checks = checks.map((check) => ({ check, groups: new Map() }));
  }

  add(textOf: TextOf): void {
    for (const { check, groups } of this.checks) {
      const key = JSON.stringify(check.per.map(textOf));
      const sums = groups.get(key) ?? new Sums();
      groups.set(key, sums);
      sums.add(check.sum.map(textOf), textOf(check.equals));
    }
    if (!this.columns.includes('total')) return;
    const row = new Sums();
    row.add(this.columns.filter((column) => column !== 'total').map(textOf), textOf('total'));
    if (row.parts < 2) return;
    for (const mark of decimalMarks) {
      const isRight = row.isRight(mark);
      if (isRight === undefined) continue;
      this.total[mark].rows += 1;
      this.total[mark].isRight &&= isRight;
    }
  }

  findings(): Finding<DecimalMark>[] {
    const ofChecks = this.checks.map(({ check: { equals }, groups }) => ({
      keeps: decimalMarks.filter((mark) => {
        const results = [...groups.values()].flatMap((sums) => sums.isRight(mark) ?? []);
        return results.length > 0 && results.every(Boolean);
      }),
      reason: `only so the rows add up to the column "${equals}"`,
    }));
    const ofRows = {
      keeps: decimalMarks.filter((mark) => this.total[mark].rows > 0 && this.total[mark].isRight),
      reason: 'only so the columns of each row add up to the column "total"',
    };
    return [...ofChecks, ofRows];
  }
}

/** Addends and their stated sum, in both readings. */
class Sums {
  /** Addends other than zero. */
  parts = 0;
  private readonly found: Record<DecimalMark, bigint | undefined> = { '.': 0n, ',': 0n };
  private readonly stated: Partial<Record<DecimalMark, bigint>> = {};

  add(parts: (string | undefined)[], stated: string | undefined): void {
    for (const part of parts) {
      if (part === undefined || !/[1-9]/.test(part)) continue;
      this.parts += 1;
      for (const mark of decimalMarks) {
        const value = unscaled(part, mark);
        const sum = this.found[mark];
        this.found[mark] = value === undefined || sum === undefined ? undefined : sum + value;
      }
    }
    if (stated === undefined || stated === '') return;
    for (const mark of decimalMarks) this.stated[mark] ??= unscaled(stated, mark);
  }

  /** Undefined if no sum is stated. */
  isRight(mark: DecimalMark): boolean | undefined {
    const stated = this.stated['.'] ?? this.stated[','];
    return stated === undefined ? undefined : this.found[mark] === this.stated[mark];
  }
}

function unscaled(text: string, mark: DecimalMark): bigint | undefined {
  const [whole = '', fraction = ''] = readNumber(text, mark)?.split('.') ?? [];
  if (whole === '' || fraction.length > scale) return undefined;
  return BigInt(`${whole}${fraction.padEnd(scale, '0')}`);
}
