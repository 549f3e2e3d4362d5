import { openBreaks } from '../../../runtime/breaks.js';
import { type Kernel, takeKernel } from '../../../kernel/kernel.js';
import type { ReadableDocument } from '../../../source/types.js';
import { Evidence } from '../../values/evidence.js';
import { TypeInference } from '../../values/infer-types.js';
import { decideTypes, readTexts, type Survey } from '../../delimited/survey.js';
import type { DelimitedLayout } from '../../delimited/delimited-layout.js';
import { cellFormOf, openDelimitedRows } from './delimited-rows.js';
import { BufferedInference } from '../columns/buffered-inference.js';
import { cellsOf, maxRowsTogether } from '../rows.js';

/**
 * Reads a delimited document without a schema once, to infer the types of its columns as
 * `surveyDocument` does. Misplaced rows are left out.
 * Errors: ReadAgain<ParseHint>.
 */
export async function surveyColumns(
  document: ReadableDocument,
  layout: DelimitedLayout,
  misplaced?: ReadonlyMap<number, string>,
): Promise<Omit<Survey, 'reading'>> {
  const kernel = takeKernel();
  try {
    return await survey(document, layout, kernel, misplaced);
  } finally {
    kernel.release();
  }
}

async function survey(
  document: ReadableDocument,
  layout: DelimitedLayout,
  kernel: Kernel,
  misplaced: ReadonlyMap<number, string> | undefined,
): Promise<Omit<Survey, 'reading'>> {
  const { dialect, header } = layout;
  const form = cellFormOf(dialect);
  const emptyNameless = new Set(header.nameless);
  const inferences = new Map<number, TypeInference>();
  const columns = header.positions.map((index, cellIndex) => {
    const inference = new TypeInference(header.columns[index]?.header ?? '');
    inferences.set(index, inference);
    const look = (text: string, times: number) => {
      emptyNameless.delete(index);
      inference.add(text, times);
      return !inference.isText();
    };
    return { cellIndex, texts: new BufferedInference(kernel, look) };
  });
  const cutter = openDelimitedRows(kernel, layout, maxRowsTogether, misplaced);
  const takeBreak = openBreaks();
  for await (const rows of cutter.cutAll(document)) {
    for (const { cellIndex, texts } of columns) {
      texts.add(cellsOf(rows, cellIndex, form));
      const pause = takeBreak();
      if (pause) await pause;
    }
  }
  for (const { texts } of columns) {
    texts.flush();
    const pause = takeBreak();
    if (pause) await pause;
  }
  const reading = dialect.quoting === 'csv' ? 'whole' : 'line-by-line';
  const decided = await decideTypes(inferences, new Evidence(), layout, () =>
    readTexts(document, layout, reading),
  );
  return { emptyNameless, notes: [], ...decided };
}
