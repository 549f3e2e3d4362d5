/**
 * One object of a document that holds objects: a row of the list at the path `list`, which is empty where the document is one list; or what
 * stands beside the lists. The value is undefined where a list begins, be it empty or not.
 */
export type ObjectRow<Item = unknown> =
  | { list: string; value: Item | undefined }
  | { list?: undefined; value: unknown };

/** Where a reader finds the lists of a document, by paths from its top. */
export interface ListPaths {
  /** Whether what stands there is a row, or a list of rows. */
  isRow(path: string): boolean;
  /** Whether rows are to be found further down. */
  leadsToRows(path: string): boolean;
  /** Whether what stands there, be it a list, belongs to the document as a whole. */
  isBeside(path: string): boolean;
}

/** Nothing is known of the document: its lists are those at its top. */
export const noPaths: ListPaths = {
  isRow: () => false,
  leadsToRows: () => false,
  isBeside: () => false,
};
