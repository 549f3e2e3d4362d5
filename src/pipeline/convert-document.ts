import type { Config } from '../config/spec.js';
import { type Assumption, WrongAssumption } from '../parse/columnar/parse-columnar.js';
import { NotColumnar } from '../parse/columnar/rows.js';
import { parseDocument } from '../parse/parse-document.js';
import type { ParsedDocument } from '../parse/types.js';
import type { ReportSchema } from '../schema/types.js';
import type { ExaminedDocument } from '../source/types.js';
import { type WrittenLake, writeLake } from './write-lake.js';

/**
 * Takes a document from bytes to Parquet by the engine of the settings. Where its rows refute what the columnar parser assumed after a look
 * at the beginning, they are read again by what they showed; what that parser can't read is read by the reference parser.
 */
export async function convertDocument(
  document: ExaminedDocument,
  schema: ReportSchema | undefined,
  config: Pick<Config, 'lake' | 'engine'>,
): Promise<{ parsed: ParsedDocument; written: WrittenLake }> {
  let known: Assumption | NotColumnar | undefined;
  for (;;) {
    try {
      const parsed = await parseDocument({
        document,
        engine: config.engine,
        ...(schema ? { schema } : {}),
        ...(known ? { known } : {}),
      });
      return { parsed, written: await writeLake(parsed, document, config) };
    } catch (error) {
      if (error instanceof WrongAssumption) known = error.right;
      else if (error instanceof NotColumnar) known = error;
      else throw error;
    }
  }
}
