import type { Cells, Kernel } from '../../../kernel/kernel.js';
import { DictionaryBuilder } from './dictionary-builder.js';

/** Distinct texts of a column, and cells, that are kept until they are looked at. */
const maxTexts = 4096;
const maxCells = 122_880;

/** The cells of a column on their way to where their type is found out: equal ones are looked at together. */
export class BufferedInference {
  private readonly texts: DictionaryBuilder;
  private isDone = false;

  /** `look` is given each text and in how many cells it stands, and tells whether it has to see more. */
  constructor(
    kernel: Kernel,
    private readonly look: (text: string, times: number) => boolean,
  ) {
    this.texts = new DictionaryBuilder(kernel);
  }

  add(cells: Cells): void {
    if (this.isDone) return;
    this.texts.add(cells);
    if (this.texts.count > maxTexts || this.texts.length > maxCells) this.flush();
  }

  /** Looks at those that are left. */
  flush(): void {
    const { texts } = this;
    const counts = texts.counts();
    for (let entry = 0; entry < texts.count && !this.isDone; entry += 1) {
      this.isDone = !this.look(texts.text(entry), counts[entry] as number);
    }
    texts.clear();
  }
}
