import type { OptionFacts } from '../schema/types.js';

/** What an option takes. */
export type OptionLimits = Pick<OptionFacts, 'maxCharacters' | 'maxItems' | 'separator'>;

/**
 * Packs items into as few values of an option as its limits allow, in the order of the items. An
 * option without a separator takes one item. Every item must fit: see `misfit`.
 */
export function packItems(
  items: readonly string[],
  { maxCharacters = Number.POSITIVE_INFINITY, maxItems = Number.POSITIVE_INFINITY, separator }: OptionLimits,
): string[] {
  const packs: string[] = [];
  let size = 0;
  for (const item of items) {
    const last = packs.at(-1);
    const longer = separator === undefined || last === undefined ? undefined : `${last}${separator}${item}`;
    if (longer === undefined || size === maxItems || longer.length > maxCharacters) {
      packs.push(item);
      size = 1;
    } else {
      packs[packs.length - 1] = longer;
      size += 1;
    }
  }
  return packs;
}

/** Returns why an option can't take an item; undefined if it can. */
export function misfit(item: string, { maxCharacters, separator }: OptionLimits): string | undefined {
  if (maxCharacters !== undefined && item.length > maxCharacters)
    return `it has ${item.length} characters, and the option takes ${maxCharacters}`;
  if (separator !== undefined && item.includes(separator))
    return `it contains "${separator}", which separates items`;
  return undefined;
}
