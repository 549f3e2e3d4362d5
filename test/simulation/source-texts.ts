import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Mutation } from './program.js';

/** The files of `src`, one of them perhaps changed. */
export class SourceTexts {
  private isChanged = false;

  constructor(
    private readonly root: string,
    private readonly mutation?: Mutation,
  ) {}

  read(path: string): string {
    const text = readFileSync(path, 'utf8');
    const { mutation } = this;
    if (!mutation || path !== join(this.root, mutation.file)) return text;
    this.isChanged = text.split(mutation.from).length === 2;
    return text.replace(mutation.from, () => mutation.to);
  }

  /** Errors: if the text of the mutation was not found exactly once. */
  assertChanged(): void {
    const { mutation } = this;
    if (mutation && !this.isChanged)
      throw new Error(`${mutation.file} does not have this once: ${mutation.from}`);
  }
}
