/** Returns the number after `--name` on the command line. */
export function numberOption(name: string, otherwise: number): number {
  const at = process.argv.lastIndexOf(`--${name}`);
  const value = at < 0 ? otherwise : Number(process.argv[at + 1]);
  if (Number.isFinite(value) && value >= 0) return value;
  throw new Error(`--${name}: expected a number, found ${process.argv[at + 1] ?? 'nothing'}`);
}
