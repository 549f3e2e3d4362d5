import type { Kernel } from '../../../kernel/kernel.js';
import type { ReadableDocument } from '../../../source/types.js';
import type { JsonFindings } from '../../objects/json-findings.js';
import type { ListPaths } from '../../objects/object-plan.js';
import type { ListReader } from './list-reader.js';

/** How the rows of a document are read. */
export interface SourceOptions {
  document: ReadableDocument;
  kernel: Kernel;
  paths: ListPaths;
  /** What reads the items of a list: one reader, or one for each table with rows in them. */
  readersOf: (list: string) => ListReader[];
  /** Receives what is odd in the JSON. */
  findings: JsonFindings;
  /** Reading stops after this many bytes, as if the document broke off there. */
  maxBytes?: number;
}
