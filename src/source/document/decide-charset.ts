import { type Warning, warning } from '../../errors/warnings.js';
import type { Findings } from '../../schema/findings.js';
import { pluralize } from '../../text/pluralize.js';
import type { RawDocument, ReadableDocument } from '../types.js';
import {
  bomOf,
  charsetOfHeader,
  charsetOfMarketplaces,
  charsetOfXml,
  isZip,
  looksLikeUtf16,
} from './charset.js';
import { enoughTelling, type Utf8Finding } from './utf8-check.js';

/** The charset of a document and what led to it. */
export type CharsetDecision = Pick<ReadableDocument, 'charset' | 'charsetSource' | 'isValidUtf8'> & Findings;

type Choice = Pick<ReadableDocument, 'charset' | 'charsetSource'> & {
  reason: string;
  notes?: string[];
  /** Nothing decides, or little. */
  isUncertain?: boolean;
};

/**
 * Decides the charset of a text. The first of these that decides: a byte order mark; zeros as in
 * UTF-16; well-formed UTF-8 whose characters no other charset explains; the Content-Type; the
 * declaration of an XML document; UTF-8 with few wrong bytes; what else the bytes look like; the
 * marketplace.
 */
export function decideCharset({ metadata }: RawDocument, head: Buffer, utf8: Utf8Finding): CharsetDecision {
  const { charset, charsetSource, reason, notes = [], isUncertain = false } = choose();
  const isAscii = utf8.isValid && !utf8.hasLongCharacters;
  const isValidUtf8 = charset === 'utf-8' && utf8.isValid;
  const warnings: Warning[] = isUncertain ? [warning('CHARSET_UNCERTAIN', { charset, reason })] : [];
  const isDecided = charset !== 'binary' && (!isAscii || charset.startsWith('utf-16'));
  const decisions = isDecided ? [{ subject: 'charset' as const, value: charset, reason }] : [];
  return { charset, charsetSource, isValidUtf8, notes, warnings, decisions };

  function choose(): Choice {
    if (isZip(head)) return { charset: 'binary', charsetSource: 'bytes', reason: 'a zip archive' };
    const bom = bomOf(head);
    if (bom) return { charset: bom, charsetSource: 'bom', reason: 'its byte order mark' };
    const utf16 = looksLikeUtf16(head);
    const reason = 'every other byte is zero';
    if (utf16)
      return {
        charset: utf16,
        charsetSource: 'bytes',
        reason,
        notes: [`${utf16} without a byte order mark`],
      };
    const label = charsetOfHeader(metadata.contentType);
    // In UTF-16, at least delimiters and line ends have a byte that is zero.
    const isNoUtf16 = label.charset?.startsWith('utf-16') && utf8.isValid && !head.includes(0);
    const named: typeof label = isNoUtf16 ? {} : label;
    if (named.charset === 'utf-16') {
      return { charset: 'utf-16le', charsetSource: 'content-type', reason: 'the Content-Type' };
    }
    if (named.charset && named.charset !== 'utf-8') {
      return ofLabel(named.charset, { charsetSource: 'content-type', where: 'the Content-Type' });
    }
    const isNamedUtf8 = named.charset === 'utf-8';
    if (isNamedUtf8 && (utf8.isValid || isNearlyUtf8(utf8))) {
      return { charset: 'utf-8', charsetSource: 'content-type', reason: 'the Content-Type' };
    }
    const notes = [
      ...(named.unknown ? [`the Content-Type names an unknown charset: ${named.unknown}`] : []),
      ...(isNamedUtf8 ? ['the Content-Type says UTF-8, but the bytes are not'] : []),
      ...(isNoUtf16 ? ['the Content-Type says UTF-16, but the bytes are not'] : []),
    ];
    return { ...ofBytes(), notes };
  }

  /** Without a Content-Type. */
  function ofBytes(): Choice {
    const declared = charsetOfXml(head);
    if (declared && declared !== 'utf-8') {
      return ofLabel(declared, { charsetSource: 'xml-declaration', where: 'the XML declaration' });
    }
    const habit = charsetOfMarketplaces(metadata.marketplaceIds);
    if (utf8.isValid && isThin(utf8, habit) && !isLatinOnly(utf8, habit)) {
      const isHabit = isSingleByte(habit);
      return {
        charset: isHabit ? habit : 'utf-8',
        charsetSource: isHabit ? 'marketplace' : 'bytes',
        reason: 'its few bytes above ASCII may be UTF-8 or not',
        isUncertain: true,
      };
    }
    if (utf8.isValid || isNearlyUtf8(utf8)) {
      const reason = utf8.isValid ? 'its bytes are UTF-8' : 'nearly all of its bytes are UTF-8';
      return { charset: 'utf-8', charsetSource: 'bytes', reason };
    }
    return unknown(habit);
  }

  /** `habit`: what documents of the marketplace usually have. */
  function unknown(habit: string): Choice {
    const minShare = 0.8;
    const { badBytes, westernBytes, kanaBytes } = utf8;
    const isWestern = westernBytes > badBytes * minShare;
    const isJapanese = !isWestern && kanaBytes > badBytes * (1 - minShare);
    const charset = isWestern ? 'windows-1252' : isJapanese ? 'cp932' : habit;
    const seen = isWestern
      ? 'its bytes are letters within Western words'
      : isJapanese
        ? 'its bytes are Japanese kana'
        : 'usual in its marketplace';
    return {
      charset,
      charsetSource: charset === habit ? 'marketplace' : 'bytes',
      reason: isMixed(utf8, charset) ? mixed : seen,
      isUncertain: charset !== habit || (isSingleByte(habit) && !isWestern) || isMixed(utf8, charset),
    };
  }

  /** A charset is named that is not UTF-8; the bytes may be UTF-8 nevertheless. */
  function ofLabel(
    charset: string,
    { charsetSource, where }: { charsetSource: Choice['charsetSource']; where: string },
  ): Choice {
    const labelled = { charset, charsetSource, reason: where };
    if (!utf8.hasLongCharacters || utf8.goodCharacters === 0) return labelled;
    const isThinHere = isThin(utf8, charset);
    const isUtf8 = utf8.isValid
      ? !isThinHere || isLatinOnly(utf8, charset)
      : isNearlyUtf8(utf8) && !isThinHere;
    if (isUtf8) {
      const reason = `its bytes are ${utf8.isValid ? '' : 'nearly all '}UTF-8, although ${where} says ${charset}`;
      return {
        charset: 'utf-8',
        charsetSource: 'bytes',
        reason,
        notes: [`read as UTF-8, not as ${charset} as ${where} says: its bytes are UTF-8`],
        isUncertain: isThinHere,
      };
    }
    if (!utf8.isValid) {
      const count = isSingleByte(charset) ? utf8.tellingCharacters : 0;
      const note = `${pluralize(count, 'character')} of ${charset} may be UTF-8 among others that are not`;
      const isUncertain = isMixed(utf8, charset);
      const reason = isUncertain ? `${where}, although ${mixed}` : where;
      return { ...labelled, reason, isUncertain, notes: count > 0 ? [note] : [] };
    }
    return {
      ...labelled,
      reason: `${where}, although its few bytes above ASCII may be UTF-8`,
      isUncertain: true,
    };
  }
}

/** Whether the characters of a text in UTF-8 may as well be those of a text in this charset. */
function isThin(utf8: Utf8Finding, charset: string): boolean {
  if (utf8.goodCharacters === 0) return false;
  if (isSingleByte(charset)) return utf8.tellingCharacters <= Math.min(2 * utf8.badBytes, enoughTelling / 2);
  const minCharacters = 3;
  return utf8.wideCharacters < minCharacters && utf8.lettersInWords < minCharacters;
}

/** In a Western charset these would be `Ã`, `Ä` or `Å` with a sign behind it each time. */
function isLatinOnly({ latinLetters, goodCharacters }: Utf8Finding, charset: string): boolean {
  return isSingleByte(charset) && latinLetters >= Math.min(goodCharacters, enoughTelling);
}

const mixed = 'some of its characters are written in UTF-8, and others are not';

/**
 * Whether so many characters are UTF-8 that pieces of the text have different charsets. A few may
 * be what somebody else once misread.
 */
function isMixed({ isValid, tellingCharacters, badBytes }: Utf8Finding, charset: string): boolean {
  const minShare = 0.25;
  return isSingleByte(charset) && !isValid && tellingCharacters > badBytes * minShare;
}

function isSingleByte(charset: string): boolean {
  return /^(?:windows|iso)-/.test(charset);
}

/**
 * A text cut at a byte limit has one or two broken characters. In any other charset hardly any two
 * bytes form a character of UTF-8.
 */
function isNearlyUtf8({ badBytes, goodCharacters }: Utf8Finding): boolean {
  return goodCharacters > 2 * badBytes;
}
