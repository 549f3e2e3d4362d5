/** What tells a document apart from all others: ids are unique only together with the seller, who may not be known. */
export function documentId({ seller, document }: { seller: string | null; document: string | null }): string {
  return `${seller ?? ''}/${document}`;
}
