/** A path as SQL text that names that file alone: glob characters in it stand for themselves. */
export function quotedPath(path: string): string {
  return quotedText(path.replace(/[*?[]/g, '[$&]'));
}

/** Text as SQL text. */
export function quotedText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
