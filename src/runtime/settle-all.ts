/**
 * Waits for all of the work, even if some of it fails, so that nothing still runs when the caller
 * cleans up. Returns the results in order.
 * Errors: that of the first failed one in the list.
 */
export async function settleAll<T>(works: Promise<T>[]): Promise<T[]> {
  const settled = await Promise.allSettled(works);
  return settled.map((each) => {
    if (each.status === 'rejected') throw each.reason;
    return each.value;
  });
}
