import { InvalidArgumentError } from 'commander';
import { marketplaceId } from '../schema/marketplaces.js';

/** Reads an option that is a whole number above zero. */
export function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError('It must be a whole number above 0.');
  return value;
}

/** Collects an option that may be given several times, or as a list with commas. */
export function listOption(text: string, before: string[] = []): string[] {
  return [
    ...before,
    ...text
      .split(',')
      .map((each) => each.trim())
      .filter(Boolean),
  ];
}

/** Reads an option that is a list of marketplaces, by id or country code. Gives their ids. */
export function marketplaceOption(text: string, before: string[] = []): string[] {
  const ids = listOption(text).map((each) => {
    const id = marketplaceId(each);
    if (id) return id;
    throw new InvalidArgumentError(`${each} is no marketplace id or country code.`);
  });
  return [...before, ...ids];
}
