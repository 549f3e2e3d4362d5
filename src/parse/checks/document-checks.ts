import type { RecordBatch } from 'apache-arrow';
import { decimalText } from '../../schema/decimal.js';
import type { CheckResult, DocumentCheck } from '../../schema/document-checks.js';
import type { ResolvedColumn } from '../../schema/types.js';
import { integersOf, keysOf, Total } from './sums.js';
import type { ParsedTable } from '../types.js';

/** Results kept per check. Failures come first. */
const maxResults = 20;

/** Verifies the totals that a document states, from its batches as they pass. */
export class DocumentChecks {
  private readonly byTable: Map<string, Check[]>;

  constructor(tables: ParsedTable[]) {
    this.byTable = new Map(
      tables.flatMap(({ name, checks, columns }) =>
        checks ? [[name, checks.map((check) => new Check(name, check, columns))]] : [],
      ),
    );
  }

  /** Reads the rows of a batch. Its memory may be reused afterwards. */
  add(table: string, batch: RecordBatch): void {
    for (const check of this.byTable.get(table) ?? []) check.add(batch);
  }

  /** Failures first. There is no result for a total that the document does not state. */
  results(): CheckResult[] {
    return [...this.byTable.values()].flat().flatMap((check) => check.results());
  }
}

/** Rows that share one total. */
interface Group {
  per: (string | null)[];
  /** One per column of the sum. */
  totals: Total[];
  expected: bigint | undefined;
}

class Check {
  private readonly groups = new Map<string, Group>();
  private readonly per: number[];
  private readonly sum: number[];
  private readonly equals: number;

  constructor(
    private readonly table: string,
    private readonly check: DocumentCheck,
    private readonly columns: ResolvedColumn[],
  ) {
    const indexOf = (name: string) => columns.findIndex((column) => column.name === name);
    this.per = check.per.map(indexOf);
    this.sum = check.sum.map(indexOf);
    this.equals = indexOf(check.equals);
  }

  add(batch: RecordBatch): void {
    // Without any of the summed columns there is nothing to verify.
    if (this.sum.every((index) => this.columns[index]?.header === undefined)) return;
    const per = this.per.map((index) => keysOf(batch.getChildAt(index)));
    const sum = this.sum.map((index) => integersOf(batch.getChildAt(index)));
    const equals = integersOf(batch.getChildAt(this.equals));
    for (let from = 0, to = 0; from < batch.numRows; from = to) {
      to = Math.min(batch.numRows, ...per.map((keys) => keys.endOfRun(from)));
      const group = this.groupOf(per.map((keys) => keys.text(from)));
      sum.forEach((integers, index) => {
        integers?.addTo(group.totals[index] as Total, from, to);
      });
      group.expected ??= equals?.first(from, to);
    }
  }

  results(): CheckResult[] {
    const results = [...this.groups.values()].flatMap((group) => this.resultOf(group));
    const inOrder = [...results.filter(({ ok }) => !ok), ...results.filter(({ ok }) => ok)];
    return inOrder.slice(0, maxResults);
  }

  private groupOf(per: (string | null)[]): Group {
    const key = JSON.stringify(per);
    const group = this.groups.get(key) ?? {
      per,
      totals: this.sum.map(() => new Total()),
      expected: undefined,
    };
    this.groups.set(key, group);
    return group;
  }

  private resultOf({ per, totals, expected }: Group): CheckResult[] {
    if (expected === undefined) return [];
    const scales = this.sum.map((index) => scaleOf(this.columns[index]));
    const own = scaleOf(this.columns[this.equals]);
    const scale = Math.max(own, ...scales);
    const raised = (value: bigint, from: number) => value * 10n ** BigInt(scale - from);
    const found = totals.reduce((sum, total, index) => sum + raised(total.value, scales[index] ?? 0), 0n);
    const wanted = raised(expected, own);
    return [
      {
        table: this.table,
        name: this.check.name,
        per: Object.fromEntries(this.check.per.map((column, index) => [column, per[index] ?? null])),
        expected: decimalText(wanted, scale),
        found: decimalText(found, scale),
        ok: found === wanted,
      },
    ];
  }
}

function scaleOf(column: ResolvedColumn | undefined): number {
  return column?.type.kind === 'decimal' ? column.type.scale : 0;
}
