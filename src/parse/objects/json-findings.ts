import { listNames } from '../../text/list-names.js';
import { type Warning, warning } from '../../errors/warnings.js';
import { shownPath } from '../../schema/object-path.js';

/** What a JSON document has that two readers may read in two ways. */
export class JsonFindings {
  /** Halves of surrogate pairs, which are no characters. */
  loneSurrogates = 0;
  /** For each path how often its name stands in the same object again. */
  private readonly names = new Map<string, number>();

  /** An object has a name once more. */
  addName(path: string): void {
    this.names.set(path, (this.names.get(path) ?? 0) + 1);
  }

  hasNamesTwice(): boolean {
    return this.names.size > 0;
  }

  /** Counts the halves of surrogate pairs in a text. */
  addText(text: string): void {
    this.loneSurrogates += text.match(loneSurrogate)?.length ?? 0;
  }

  warnings(): Warning[] {
    const warnings: Warning[] = [];
    const maxShown = 5;
    if (this.names.size > 0) {
      const found = [...this.names].map(([path, times]) => `${shownPath(path)} (${times})`);
      warnings.push(warning('JSON_DUPLICATE_NAMES', { names: listNames(found, maxShown) }));
    }
    if (this.loneSurrogates > 0)
      warnings.push(warning('JSON_LONE_SURROGATES', { count: this.loneSurrogates }));
    return warnings;
  }
}

/** In this mode a pair is one character, of another category. */
const loneSurrogate = /\p{Surrogate}/gu;
