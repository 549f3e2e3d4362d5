import type { Findings } from '../schema/findings.js';
import type { Dialect, Engine, ParsedBatch, ParsedDocument, ParsedTable } from './types.js';

/** A document while it is parsed: its tables are known, its rows are pulled batch by batch. */
export interface DocumentStream {
  /** The parser that reads it; undefined for a format with only one, such as XML. */
  engine?: Engine;
  dialect: Dialect;
  /** The tables that batches may belong to; `finish` returns those that the document really has. */
  tables: ParsedTable[];
  /** Errors: those of the parser, and ReadAgain<ParseHint>. */
  batches: AsyncIterable<ParsedBatch>;
  /** The result. Throws unless the last batch was pulled: only then is it known. */
  finish(): ParsedDocument;
}

/** What a parser knows only after the last row. */
export interface StreamEnd extends Findings {
  /** Absent if they are the tables of the stream. */
  tables?: ParsedTable[];
}

/** A stream of the batches of a generator, whose return value completes the result. */
export function documentStream(
  known: Pick<DocumentStream, 'engine' | 'dialect' | 'tables'>,
  batches: AsyncGenerator<ParsedBatch, StreamEnd>,
): DocumentStream {
  let result: ParsedDocument | undefined;
  return {
    ...known,
    batches: readToEnd(),
    finish() {
      if (!result) throw new Error('a document has no result before its last batch');
      return result;
    },
  };

  async function* readToEnd(): AsyncGenerator<ParsedBatch> {
    const end = yield* batches;
    result = { ...known, ...end };
  }
}

/** The same stream with a changed result. */
export function withResult(
  stream: DocumentStream,
  change: (parsed: ParsedDocument) => ParsedDocument,
): DocumentStream {
  return { ...stream, finish: () => change(stream.finish()) };
}
