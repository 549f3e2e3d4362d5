import type { ResolvedColumn } from '../../../schema/types.js';
import { rulesOf, textReader, type ValueRules } from '../../values/values.js';

/** Floors of logarithms: one cell alone proves nothing. */
const minEmptiness = Math.log(0.02);
const minFit = -7;

/** Texts and shapes that are counted; further ones count as unseen. */
const maxCounted = 2000;

/** What the cells of a column look like, learned from the rows of the document. */
export class ColumnProfile {
  private filled = 0;
  private empty = 0;
  private readonly texts = new Counts();
  private readonly shapes = new Counts();
  private readonly sizes = new Counts();
  private readonly read: ((text: string) => unknown) | undefined;

  /** `column`: undefined if the table has none for it. */
  constructor(column: ResolvedColumn | undefined, rules: ValueRules) {
    this.read =
      column && column.type.kind !== 'string'
        ? textReader(column.type, rulesOf(rules, column.name))
        : undefined;
  }

  add(text: string): void {
    if (text === '') {
      this.empty += 1;
      return;
    }
    this.filled += 1;
    this.texts.add(text);
    const { shape, size } = formOf(text);
    this.shapes.add(shape);
    this.sizes.add(size);
  }

  /** Whether a text is not of the type of the column. */
  isMisfit(text: string): boolean {
    return text !== '' && this.read !== undefined && this.read(text) === undefined;
  }

  /**
   * How well a text fits the column: the logarithm of about how often such a text is seen in it.
   * `learned`: how often this very cell was added.
   */
  fit(text: string, learned: 0 | 1): number {
    const isEmpty = text === '';
    const filled = this.filled - (isEmpty ? 0 : learned);
    const empty = this.empty - (isEmpty ? learned : 0);
    const of = filled + empty + 1;
    if (isEmpty) return Math.max(Math.log((empty + 0.5) / of), minEmptiness);
    const emptiness = Math.max(Math.log((filled + 0.5) / of), minEmptiness);
    const form = formOf(text);
    const shape = this.shapes.share(form.shape, filled, learned);
    const size = this.sizes.share(form.size, filled, learned);
    const same = (this.texts.get(text) - learned) / (filled + 1);
    // The same text as elsewhere is worth more than one that only looks alike.
    let share = Math.max(same, 0.3 * Math.sqrt(shape * size));
    if (this.isMisfit(text)) share *= shape < 0.1 ? 0.02 : 1;
    else if (this.read) share = Math.max(share, 0.05);
    return Math.max(emptiness + Math.log(share), minFit);
  }
}

/** Counts of what was seen. */
class Counts {
  private readonly counts = new Map<string, number>();
  private once = 0;

  add(what: string): void {
    const count = this.counts.get(what) ?? 0;
    if (count === 0 && this.counts.size >= maxCounted) {
      this.once += 1;
      return;
    }
    this.counts.set(what, count + 1);
    if (count === 0) this.once += 1;
    else if (count === 1) this.once -= 1;
  }

  get(what: string): number {
    return this.counts.get(what) ?? 0;
  }

  /**
   * The share of what was seen. What was not seen has a part of the share of what was seen once,
   * as that is how often something new comes (Good and Turing).
   */
  share(what: string, total: number, learned: 0 | 1): number {
    const count = this.get(what) - (this.counts.has(what) ? learned : 0);
    const unseen = Math.min((this.once + 0.5) / (total + 1), 1);
    return Math.max(count / (total + 1), 0.3 * unseen);
  }
}

/** What texts of one kind have in common. */
interface Form {
  /** The kinds of characters in order, without repetitions: `Aa 9` for `Lamp 12`. */
  shape: string;
  /** The kinds of characters and the length. */
  size: string;
}

/** Forms of the last texts: each text is compared with several columns. */
const forms = new Map<string, Form>();
const maxForms = 1000;

function formOf(text: string): Form {
  const known = forms.get(text);
  if (known) return known;
  const shape = text
    .slice(0, 80)
    .replace(/\p{Lu}+/gu, 'A')
    .replace(/[\p{Ll}\p{Lo}]+/gu, 'a')
    .replace(/\d+/g, '9');
  const maxExactLength = 24;
  const length = text.length <= maxExactLength ? text.length : Math.round(Math.log2(text.length) * 2) * 100;
  const form = { shape, size: `${[...new Set(shape)].sort().join('')} ${length}` };
  if (forms.size >= maxForms) forms.clear();
  forms.set(text, form);
  return form;
}
