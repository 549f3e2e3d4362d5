/** Values of `T` without undefined. */
type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/**
 * Returns the properties that have a value. For HTTP headers, queries and settings of libraries,
 * which send or reject a property that is present but undefined.
 */
export function withoutUndefined<T extends object>(properties: T): Defined<T> {
  return Object.fromEntries(
    Object.entries(properties).filter(([, value]) => value !== undefined),
  ) as Defined<T>;
}
