/** A text without some of its escapes. */
export interface Variant {
  /** UTF-8, a character for each byte. */
  bytes: string;
  /** Where each byte begins in the original, and the end of the original behind the last. */
  starts: number[];
}

/** Of a text full of escapes of several kinds. */
const maxVariants = 40;

/**
 * Returns the text, and the text with the escapes of URLs, JSON and HTML undone, one kind after the
 * other in each order, up to `maxTimes` times over.
 */
export function variantsOf(bytes: string, maxTimes: number): Variant[] {
  const original = { bytes, starts: Array.from({ length: bytes.length + 1 }, (_, at) => at) };
  const variants: Variant[] = [original];
  const known = new Set([bytes]);
  let latest = variants;
  for (let times = 0; times < maxTimes && latest.length > 0; times += 1) {
    const next: Variant[] = [];
    for (const variant of latest) {
      for (const kind of escapes) {
        if (variant.bytes.search(kind.pattern) < 0) continue;
        const undone = undo(kind, variant);
        if (known.has(undone.bytes) || known.size >= maxVariants) continue;
        known.add(undone.bytes);
        next.push(undone);
      }
    }
    variants.push(...next);
    latest = next;
  }
  return variants;
}

interface Escape {
  pattern: RegExp;
  /** What one of them means; undefined if nothing. */
  meaning(...groups: (string | undefined)[]): string | undefined;
}

const escapes: Escape[] = [
  { pattern: /%([0-9a-f]{2})/gi, meaning: (hex) => String.fromCharCode(Number.parseInt(hex ?? '', 16)) },
  {
    pattern: /\\(?:u([0-9a-f]{4})|x([0-9a-f]{2})|(.))/gi,
    meaning: (long, short, letter) =>
      letter === undefined ? utf8(Number.parseInt(long ?? short ?? '', 16)) : (controls[letter] ?? letter),
  },
  {
    pattern: /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(\w{2,6}));/gi,
    meaning: (decimal, hex, name) =>
      name === undefined
        ? utf8(decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal))
        : entities[name.toLowerCase()],
  },
];

const controls: Record<string, string> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

/** Of ASCII; other characters are escaped by number. */
const entities: Record<string, string> = {
  ...{ amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", sol: '/', bsol: '\\', plus: '+', equals: '=' },
  ...{ verbar: '|', vert: '|', colon: ':', semi: ';', comma: ',', period: '.', percnt: '%', num: '#' },
  ...{ excl: '!', quest: '?', commat: '@', dollar: '$', lpar: '(', rpar: ')', ast: '*', lowbar: '_' },
  ...{ lsqb: '[', rsqb: ']', lcub: '{', rcub: '}', grave: '`', hat: '^', tilde: '~', nbsp: ' ' },
};

function utf8(codePoint: number): string | undefined {
  if (!(codePoint <= 0x10_ffff)) return undefined;
  return Buffer.from(String.fromCodePoint(codePoint), 'utf8').toString('latin1');
}

function undo({ pattern, meaning }: Escape, { bytes, starts }: Variant): Variant {
  const parts: string[] = [];
  const newStarts: number[] = [];
  let at = 0;
  const keepUntil = (end: number) => {
    parts.push(bytes.slice(at, end));
    for (; at < end; at += 1) newStarts.push(starts[at] ?? 0);
  };
  for (const match of bytes.matchAll(pattern)) {
    const meant = meaning(...match.slice(1));
    if (meant === undefined) continue;
    keepUntil(match.index);
    parts.push(meant);
    for (let index = 0; index < meant.length; index += 1) newStarts.push(starts[at] ?? 0);
    at += match[0].length;
  }
  keepUntil(bytes.length);
  newStarts.push(starts.at(-1) ?? 0);
  return { bytes: parts.join(''), starts: newStarts };
}
