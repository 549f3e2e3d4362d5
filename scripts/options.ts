/** Returns the number after `--name` on the command line. */
export function numberOption(name: string, otherwise: number): number {
  const at = process.argv.lastIndexOf(`--${name}`);
  const value = at < 0 ? otherwise : Number(process.argv[at + 1]);
  if (Number.isFinite(value) && value >= 0) return value;
  throw new Error(`--${name}: expected a number, found ${process.argv[at + 1] ?? 'nothing'}`);
}

/** Returns the word after `--name` on the command line, one of those that are known. */
export function wordOption<Word extends string>(name: string, known: readonly Word[]): Word | undefined {
  const at = process.argv.lastIndexOf(`--${name}`);
  if (at < 0) return undefined;
  const found = process.argv[at + 1];
  const word = known.find((each) => each === found);
  if (word !== undefined) return word;
  throw new Error(`--${name}: expected ${known.join(' or ')}, found ${found ?? 'nothing'}`);
}
