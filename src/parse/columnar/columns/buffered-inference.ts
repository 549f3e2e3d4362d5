import type { Cells, Kernel } from '../../../kernel/kernel.js';
import { DictionaryBuilder } from './dictionary-builder.js';

/** Distinct texts and cells of a column that are buffered before they are inspected. */
const maxTexts = 4096;
const maxCells = 122_880;

/** Buffers the cells of a column whose type is inferred, so that equal cells are inspected once. */
export class BufferedInference {
  private readonly texts: DictionaryBuilder;
  private isDone = false;

  /**
   * `look` receives each text with the number of its cells, and returns whether it must see more.
   */
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

  /** Inspects what is buffered. */
  flush(): void {
    const { texts } = this;
    const counts = texts.counts();
    for (let entry = 0; entry < texts.count && !this.isDone; entry += 1) {
      this.isDone = !this.look(texts.text(entry), counts[entry] as number);
    }
    texts.clear();
  }
}
