import type { ColumnType } from '../../schema/types.js';
import { type DateOrder, dateOrders, readingsOf, zoneNameOf } from './dates.js';
import { orderOfZone } from './habits.js';
import { type DecimalMark, markEvidence } from './numbers.js';
import { isSharedZone } from './zones.js';

/**
 * What one value shows about how its document writes numbers, or dates and times; equal clues are
 * counted together.
 * - `mark .` or `mark ,`: the decimal mark that a number has; `mark either .` if it has a point
 *   that may separate thousands.
 * - `date mdy,dmy PDT`: the orders in which a date exists, with `=` between those in which it is
 *   the same day, and the name of its time zone if that matters.
 */
export type Clue = string;

/** What a text shows in a column of this type. */
export function clueOf(type: ColumnType, text: string): Clue | undefined {
  switch (type.kind) {
    case 'int64':
      return numberClue(text, 0);
    case 'decimal':
      return numberClue(text, type.scale);
    case 'float64':
      return numberClue(text);
    case 'date':
    case 'timestamp':
      return dateClue(text);
    default:
      return undefined;
  }
}

function numberClue(text: string, scale?: number): Clue | undefined {
  const mark = markEvidence(text, scale);
  if (mark === 'either') return eitherClue(text.includes('.') ? '.' : ',');
  return mark && `mark ${mark}`;
}

function dateClue(text: string): Clue | undefined {
  const zone = zoneNameOf(text);
  const readings = readingsOf(text);
  if (!readings) return zone !== undefined && isSharedZone(zone) ? `date - ${zone}` : undefined;
  const groups = new Map<number, DateOrder[]>();
  for (const order of dateOrders) {
    const days = readings[order];
    if (days !== undefined) groups.set(days, [...(groups.get(days) ?? []), order]);
  }
  const orders = [...groups.values()].map((group) => group.join('=')).join(',');
  const isNamed = zone !== undefined && (isSharedZone(zone) || orderOfZone(zone) !== undefined);
  if (orders === dateOrders.join('=')) return isNamed && isSharedZone(zone) ? `date - ${zone}` : undefined;
  return isNamed ? `date ${orders} ${zone}` : `date ${orders}`;
}

/** The clue of a number such as `1.234`, in which the mark may separate thousands. */
export function eitherClue(written: DecimalMark): Clue {
  return `mark either ${written}`;
}

/** The mark in numbers with that clue; undefined for another clue. */
export function writtenMarkOf(clue: Clue): DecimalMark | undefined {
  if (clue === eitherClue('.')) return '.';
  return clue === eitherClue(',') ? ',' : undefined;
}

/** The marks that a clue about a number allows; those in one group give the same number. */
export function marksOf(clue: Clue): DecimalMark[][] | undefined {
  if (writtenMarkOf(clue) !== undefined) return [['.'], [',']];
  return clue.startsWith('mark ') ? [[clue.slice(5) as DecimalMark]] : undefined;
}

/** The orders that a clue about a date allows; those in one group give the same day. */
export function ordersOf(clue: Clue): DateOrder[][] | undefined {
  const [kind, orders = '-'] = clue.split(' ');
  if (kind !== 'date' || orders === '-') return undefined;
  return orders.split(',').map((group) => group.split('=') as DateOrder[]);
}

/** The time zone that a clue names. */
export function zoneOf(clue: Clue): string | undefined {
  const [kind, , zone] = clue.split(' ');
  return kind === 'date' ? zone : undefined;
}

/** Counts the clues of one column. */
export class ColumnEvidence {
  readonly counts = new Map<Clue, number>();

  add(clue: Clue | undefined, times = 1): void {
    if (clue !== undefined && times > 0) this.counts.set(clue, (this.counts.get(clue) ?? 0) + times);
  }
}

/** Counts the clues of a document, column by column. */
export class Evidence {
  private readonly columns = new Map<string, ColumnEvidence>();

  of(column: string): ColumnEvidence {
    const known = this.columns.get(column) ?? new ColumnEvidence();
    this.columns.set(column, known);
    return known;
  }

  /** The columns with clues, by name: the engines meet them in different orders. */
  entries(): [column: string, counts: ReadonlyMap<Clue, number>][] {
    return [...this.columns]
      .flatMap(([column, { counts }]): [string, ReadonlyMap<Clue, number>][] =>
        counts.size > 0 ? [[column, counts]] : [],
      )
      .sort(([a], [b]) => (a < b ? -1 : 1));
  }
}
