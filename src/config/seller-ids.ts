/** The ids of a seller; those of a seller with unset variables are as written. */
export interface SellerIds {
  id: string;
  /** Other ids of the account in notifications. */
  accountIds: string[];
}

/** Maps each id to its seller. */
export function sellersById(sellers: readonly SellerIds[]): Map<string, string> {
  return new Map(sellers.flatMap(({ id, accountIds }) => [id, ...accountIds].map((each) => [each, id])));
}
