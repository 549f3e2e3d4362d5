import { emptyObject, walkJson } from '../../objects/json-walk.js';
import type { ObjectRow } from '../../objects/object-plan.js';
import { JsonBytes } from './json-bytes.js';
import type { ListRows } from './list-reader.js';
import type { SourceOptions } from './source-options.js';
import { SlidingText } from './sliding-text.js';
import { XmlBytes } from './xml-bytes.js';

export type ObjectFormat = 'JSON' | 'XML';

/** A document of objects in the kernel's memory. */
export interface ObjectSource {
  /** Many rows of a list at a time. Errors: ReadAgain<ParseHint>. */
  rows: AsyncIterable<ObjectRow<ListRows>>;
  /** What was read so far beside the lists; undefined if there is nothing. */
  beside(): unknown;
  /**
   * The first row of each list of a format that does not declare its lists; undefined if it does.
   */
  firsts?: Map<string, unknown>;
  /** Whether reading stopped at `maxBytes`. */
  isCut(): boolean;
}

export function openSource(format: ObjectFormat, options: SourceOptions): ObjectSource {
  const { document, kernel, paths, maxBytes } = options;
  const text = new SlidingText(document, kernel, maxBytes);
  const isCut = () => text.isCut();
  if (format === 'XML') {
    const source = new XmlBytes(text, options);
    return { rows: source.rows(), beside: () => source.beside, firsts: source.firsts, isCut };
  }
  const beside = emptyObject();
  const rows = walkJson(new JsonBytes(text, options), paths, beside);
  return { rows, beside: () => (Object.keys(beside).length > 0 ? beside : undefined), isCut };
}
