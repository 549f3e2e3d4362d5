/** Default limit of the uncompressed size of a document, in bytes. */
export const defaultMaxDocumentBytes = 64 * 1024 ** 3;
