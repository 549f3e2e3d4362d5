import { type Data, makeData, Utf8 } from 'apache-arrow';
import type { Cells, Kernel } from '../../../kernel/kernel.js';
import type {
  ColumnOptions,
  DictionaryDecoder,
  DecodedDictionary,
  PlainValues,
} from './dictionary-decoder.js';
import type { DictionaryBuilder } from './dictionary-builder.js';
import { Validity } from './validity.js';

/** Texts need no decoding. */
export class TextDictionaryDecoder implements DictionaryDecoder {
  readonly hasRejects = false;

  constructor(
    private readonly options: ColumnOptions,
    private readonly texts: DictionaryBuilder,
  ) {}

  decode(): void {}

  isRejected(): boolean {
    return false;
  }

  reportEvidence(): void {}

  finish(): DecodedDictionary | undefined {
    return this.texts.count === 0 ? undefined : { values: () => this.texts.texts() };
  }

  fallBackToPlain(): PlainValues {
    return new PlainTexts(this.options, this.texts);
  }

  clear(): void {}

  free(): void {}
}

/** Texts one after the other. */
class PlainTexts implements PlainValues {
  private readonly kernel: Kernel;
  private readonly at: number;
  private readonly validity: Validity;

  constructor({ kernel }: ColumnOptions, { dictionary, entries, length }: DictionaryBuilder) {
    this.kernel = kernel;
    this.at = kernel.calls.newTexts();
    this.validity = new Validity(kernel);
    this.validity.reserve(length);
    const empty = kernel.calls.addEntries(this.at, dictionary, entries, length, this.validity.at, 0);
    this.validity.add(length, empty);
  }

  add(cells: Cells): void {
    const [, , , count] = cells;
    this.validity.reserve(count);
    const { at, length } = this.validity;
    this.validity.add(count, this.kernel.calls.addTexts(this.at, ...cells, at, length));
  }

  data(): Data {
    const { kernel } = this;
    const { length } = this.validity;
    const valueOffsets = kernel.int32(kernel.calls.textsOffsets(this.at), length + 1);
    const data = kernel.bytes(kernel.calls.textsBytes(this.at), valueOffsets[length] as number);
    return makeData({ type: new Utf8(), length, valueOffsets, data, ...this.validity.nulls() });
  }

  clear(): void {
    this.kernel.calls.clearTexts(this.at);
    this.validity.clear();
  }
}
