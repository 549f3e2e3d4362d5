import type { Kernel } from '../../../kernel/kernel.js';
import type { DelimitedLayout } from '../../delimited/delimited-layout.js';
import { decideTypes, inferenceOf } from '../../delimited/survey.js';
import type { TextOf } from '../../values/decide-rules.js';
import type { Evidence } from '../../values/evidence.js';
import type { TypeInference } from '../../values/infer-types.js';
import { BufferedInference } from '../columns/buffered-inference.js';
import { cellsOf, type Rows } from '../rows.js';
import { cellFormOf } from './delimited-rows.js';

/** Infers the types of the columns that the schema does not know while the rows are read. */
export class AddedColumns {
  private readonly inferences = new Map<number, TypeInference>();
  private readonly columns: { cellIndex: number; texts: BufferedInference }[] = [];
  private readonly form;

  constructor(
    kernel: Kernel,
    private readonly layout: DelimitedLayout,
  ) {
    const { header, dialect } = layout;
    this.form = cellFormOf(dialect);
    header.positions.forEach((index, cellIndex) => {
      const column = header.columns[index];
      if (column?.origin !== 'added') return;
      const inference = inferenceOf(column);
      this.inferences.set(index, inference);
      const look = (text: string, times: number) => {
        inference.add(text, times);
        return !inference.isText();
      };
      this.columns.push({ cellIndex, texts: new BufferedInference(kernel, look) });
    });
  }

  add(rows: Rows): void {
    for (const { cellIndex, texts } of this.columns) texts.add(cellsOf(rows, cellIndex, this.form));
  }

  /** Decides rules and types of the document; `evidence` is that of the other columns. */
  decide(evidence: Evidence, readRows: () => AsyncIterable<TextOf>): ReturnType<typeof decideTypes> {
    for (const { texts } of this.columns) texts.flush();
    return decideTypes(this.inferences, evidence, this.layout, readRows);
  }
}
