import { pluralize } from '../../text/pluralize.js';
import type { ColumnType } from '../../schema/types.js';
import { type DateOrder, orderEvidence, orderOfZone } from './dates.js';
import { chooseMark, type DecimalMark, markEvidence } from './numbers.js';
import type { ValueRules } from './values.js';

/** What one value shows about how its document writes numbers and dates. */
export type Clue = `mark ${DecimalMark | 'either'}` | `order ${DateOrder}` | `zone ${DateOrder}`;

/** Countries in which the month is written first. */
const monthFirstCountries = new Set(['US']);

/** What a text shows in a column of this kind. */
export function clueOf(kind: ColumnType['kind'], text: string): Clue | undefined {
  if (kind === 'decimal' || kind === 'float64' || kind === 'int64') {
    const mark = markEvidence(text);
    return mark && `mark ${mark}`;
  }
  if (kind !== 'date' && kind !== 'timestamp') return undefined;
  const order = orderEvidence(text);
  if (order) return `order ${order}`;
  const zone = orderOfZone(text);
  return zone && `zone ${zone}`;
}

/**
 * Counts the clues of a document. They decide decimal mark and order of day and month for the
 * document as a whole.
 */
export class Evidence {
  private readonly counts: Record<Clue, number> = {
    'mark .': 0,
    'mark ,': 0,
    'mark either': 0,
    'order mdy': 0,
    'order dmy': 0,
    'zone mdy': 0,
    'zone dmy': 0,
  };

  add(clue: Clue | undefined, times = 1): void {
    if (clue) this.counts[clue] += times;
  }

  /**
   * `declared` is the order that the schema declares, `countries` are those of the document's
   * marketplaces.
   */
  decide(declared: DateOrder | undefined, countries: string[]): ValueRules {
    return {
      decimalMark: chooseMark({ '.': this.counts['mark .'], ',': this.counts['mark ,'] }, countries),
      dateOrder: this.order('order') ?? declared ?? this.order('zone') ?? orderOfCountries(countries),
    };
  }

  /** Notes on clues that are ambiguous or contradict the decision. */
  notes({ decimalMark, dateOrder }: ValueRules): string[] {
    const { counts } = this;
    const notes: string[] = [];
    if (counts['mark .'] > 0 && counts['mark ,'] > 0) {
      notes.push(
        `decimal point in ${pluralize(counts['mark .'], 'value')} and comma in ${counts['mark ,']}: read with "${decimalMark}"`,
      );
    }
    if (counts['mark either'] > 0 && counts['mark .'] === 0 && counts['mark ,'] === 0) {
      notes.push(
        `${pluralize(counts['mark either'], 'number')} such as 1.234 may or may not have a decimal mark: read with "${decimalMark}", as in the marketplace`,
      );
    }
    if (counts['order mdy'] > 0 && counts['order dmy'] > 0) {
      notes.push(
        `month first in ${pluralize(counts['order mdy'], 'date')} and day first in ${counts['order dmy']}: read as ${dateOrder}`,
      );
    }
    return notes;
  }

  private order(from: 'order' | 'zone'): DateOrder | undefined {
    const { [`${from} mdy` as const]: mdy, [`${from} dmy` as const]: dmy } = this.counts;
    if (mdy === dmy) return undefined;
    return mdy > dmy ? 'mdy' : 'dmy';
  }
}

function orderOfCountries(countries: string[]): DateOrder {
  return countries.every((country) => monthFirstCountries.has(country)) ? 'mdy' : 'dmy';
}
