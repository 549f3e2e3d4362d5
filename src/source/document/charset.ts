/** Charsets by the names that Amazon's Content-Type uses, ignoring case, `-` and `_`. */
const charsets: Record<string, string> = {
  utf8: 'utf-8',
  usascii: 'utf-8',
  ascii: 'utf-8',
  cp1252: 'windows-1252',
  windows1252: 'windows-1252',
  // Amazon's Latin-1 uses the code points that only Windows-1252 assigns; so do browsers.
  iso88591: 'windows-1252',
  latin1: 'windows-1252',
  iso885915: 'iso-8859-15',
  cp1250: 'windows-1250',
  windows1250: 'windows-1250',
  iso88592: 'iso-8859-2',
  cp1254: 'windows-1254',
  windows1254: 'windows-1254',
  // As for Latin-1.
  iso88599: 'windows-1254',
  cp1256: 'windows-1256',
  windows1256: 'windows-1256',
  // Strict Shift_JIS lacks characters that Amazon's Japanese documents use.
  shiftjis: 'cp932',
  sjis: 'cp932',
  xsjis: 'cp932',
  ms932: 'cp932',
  cp932: 'cp932',
  windows31j: 'cp932',
  cswindows31j: 'cp932',
  eucjp: 'euc-jp',
  gbk: 'gbk',
  gb2312: 'gbk',
  gb18030: 'gb18030',
  utf16: 'utf-16',
  utf16le: 'utf-16le',
  utf16be: 'utf-16be',
};

const japan = 'A1VC38T7YXB528';

function plainName(name: string): string {
  return name.toLowerCase().replace(/[-_]/g, '');
}

/** The charset that a Content-Type names, e.g. `text/plain; charset=Cp1252`. */
export function charsetOfHeader(contentType: string | undefined): { charset?: string; unknown?: string } {
  const name = /;\s*charset\s*=\s*["']?([^\s;"']+)/i.exec(contentType ?? '')?.[1];
  if (!name) return {};
  const charset = charsets[plainName(name)];
  return charset ? { charset } : { unknown: name };
}

/** The charset that an XML document declares. */
export function charsetOfXml(head: Buffer): string | undefined {
  const name = /^\s*<\?xml\s[^>]*?encoding\s*=\s*["']([\w-]+)/.exec(head.toString('latin1'))?.[1];
  const charset = name === undefined ? undefined : charsets[plainName(name)];
  // The declaration was read byte by byte: it is that of a writer who left the encoding to others.
  return charset?.startsWith('utf-16') ? undefined : charset;
}

/** A zip archive, such as an xlsx workbook, is not text in any charset. */
export function isZip(head: Buffer): boolean {
  return head.toString('latin1', 0, 4) === 'PK\u0003\u0004';
}

/** The charset that a byte order mark indicates. */
export function bomOf(head: Buffer): string | undefined {
  if (head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf) return 'utf-8';
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le';
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be';
  return undefined;
}

/** UTF-16 without a mark: headers are Latin, so every other byte is zero. */
export function looksLikeUtf16(head: Buffer): string | undefined {
  const pairs = Math.floor(Math.min(head.length, 512) / 2);
  if (pairs < 4) return undefined;
  let evenZeros = 0;
  let oddZeros = 0;
  for (let pair = 0; pair < pairs; pair += 1) {
    if (head[pair * 2] === 0) evenZeros += 1;
    if (head[pair * 2 + 1] === 0) oddZeros += 1;
  }
  if (oddZeros > pairs * 0.7 && evenZeros < pairs * 0.1) return 'utf-16le';
  if (evenZeros > pairs * 0.7 && oddZeros < pairs * 0.1) return 'utf-16be';
  return undefined;
}

/** The charset of documents of these marketplaces if they are not UTF-8 and nothing names one. */
export function charsetOfMarketplaces(marketplaceIds: string[]): string {
  return marketplaceIds.includes(japan) ? 'cp932' : 'windows-1252';
}
