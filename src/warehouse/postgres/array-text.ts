/**
 * Reads PostgreSQL's text of an array, such as `{1,NULL,"a \"b\""}`: its items as text, with an
 * array for each inner one.
 */
export function arrayItems(text: string): ArrayItem[] {
  // Bounds that do not begin at 1 precede the items: `[0:1]={1,2}`.
  let at = text.indexOf('{') + 1;
  const read = (): ArrayItem[] => {
    const items: ArrayItem[] = [];
    for (;;) {
      const character = text[at];
      if (character === undefined || character === '}') {
        at += 1;
        return items;
      }
      if (character === ',') {
        at += 1;
      } else if (character === '{') {
        at += 1;
        items.push(read());
      } else if (character === '"') {
        items.push(quoted());
      } else {
        const plain = match(/[^,}]+/y)[0];
        items.push(plain === 'NULL' ? null : plain);
      }
    }
  };
  const quoted = () => (match(/"([^"\\]*(?:\\.[^"\\]*)*)"/sy)[1] ?? '').replace(/\\(.)/gs, '$1');
  const match = (pattern: RegExp): RegExpExecArray | [string] => {
    pattern.lastIndex = at;
    const found = pattern.exec(text) ?? [text.slice(at)];
    at += found[0].length;
    return found;
  };
  return read();
}

export type ArrayItem = string | null | ArrayItem[];
