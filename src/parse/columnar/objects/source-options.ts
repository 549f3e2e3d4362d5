import type { Kernel } from '../../../kernel/kernel.js';
import type { ReadableDocument } from '../../../source/types.js';
import type { JsonFindings } from '../../objects/json-findings.js';
import type { ListPaths } from '../../objects/object-plan.js';
import type { JsonRows } from './json-rows.js';

/** How the rows of a document are read. */
export interface SourceOptions {
  document: ReadableDocument;
  kernel: Kernel;
  paths: ListPaths;
  /** Reads the items of a list. */
  rowsOf: (list: string) => JsonRows;
  /**
   * Called when rows have names that their list has no paths for; they are read again afterwards.
   */
  onNewNames: (list: string) => void;
  /** Receives what is odd in the JSON. */
  findings: JsonFindings;
  /** Reading stops after this many bytes, as if the document broke off there. */
  maxBytes?: number;
}
