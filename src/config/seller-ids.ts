/** A seller as far as its ids go; those of one whose variables are unset are as they are written. */
export interface SellerIds {
  id: string;
  /** Other ids of the account in notifications. */
  accountIds: string[];
}

/** Which seller each id stands for. */
export function sellersById(sellers: readonly SellerIds[]): Map<string, string> {
  return new Map(sellers.flatMap(({ id, accountIds }) => [id, ...accountIds].map((each) => [each, id])));
}
