/** Identifies a document. Ids are unique only together with the seller, who may be unknown. */
export function documentId({ seller, document }: { seller: string | null; document: string | null }): string {
  return `${seller ?? ''}/${document}`;
}
