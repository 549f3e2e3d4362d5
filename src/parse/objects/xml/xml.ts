import { ReportsError } from '../../../errors/reports-error.js';
import type { ReadableDocument } from '../../../source/types.js';
import { type ListPaths, noPaths, type ObjectRow } from '../object-plan.js';
import { PlainXml } from './plain-xml.js';
import { StrictXml } from './strict-xml.js';
import { XmlRows } from './xml-rows.js';

/**
 * Streams the rows of an XML document as objects, as `XmlRows` makes them. One row at a time is in
 * memory. `isPlain` assumes markup that `PlainXml` can read.
 * Errors: DOCUMENT_UNPARSABLE, LimitExceeded; NotPlainXml if `isPlain` is wrong.
 */
export async function* readXmlObjects(
  document: ReadableDocument,
  paths: ListPaths = noPaths,
  isPlain = false,
): AsyncGenerator<ObjectRow> {
  const rows = new XmlRows(document.limits, paths);
  const tokens = isPlain ? new PlainXml(rows) : new StrictXml(rows);
  reading: for await (const chunk of document.openText()) {
    for (const part of partsOf(chunk)) {
      tokens.write(part);
      rows.read(part.length);
      if (tokens.failure) break reading;
      yield* rows.take();
    }
  }
  if (!tokens.failure) tokens.end();
  if (tokens.failure) {
    const { reportType, documentId } = document.raw.metadata;
    const { line, failure: found } = tokens;
    throw new ReportsError('DOCUMENT_UNPARSABLE', { reportType, documentId, line, found });
  }
  yield* rows.take();
}

/**
 * Objects of more rows than these would outlive the young generation, and cost a quarter of the
 * time.
 */
const partCharacters = 32 * 1024;

/** Parts of a text, none of which ends within a pair of surrogates. */
function* partsOf(text: string): Generator<string> {
  for (let at = 0; at < text.length; ) {
    const end = at + partCharacters;
    const isWithinPair = (text.codePointAt(end - 1) ?? 0) > 0xffff;
    const next = isWithinPair ? end + 1 : end;
    yield text.slice(at, next);
    at = next;
  }
}
