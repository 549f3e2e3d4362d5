import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip, gzipSync } from 'node:zlib';
import { makeProducts, usMarket } from '../../src/sandbox/catalogue-of-goods.js';
import { Random } from '../../src/sandbox/random.js';
import { reportLines } from '../../src/sandbox/report-generator.js';
import { browseTreeType, treeBeginning, treeEnd, treeNodes } from './browse-tree.js';
import { searchTermsType, termItems, termsBeginning, termsEnd } from './search-terms.js';

/**
 * The report type that is measured by default: a wide one, with the largest documents of sellers.
 */
export const usualReportType = 'GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL';

export interface DocumentPlan {
  reportType: string;
  rows: number;
  seed: number;
}

/**
 * Writes a gzipped document with the given number of rows; returns the size of its text in bytes.
 */
export async function writeDocument(path: string, plan: DocumentPlan): Promise<number> {
  let textBytes = 0;
  function* chunks(): Generator<Buffer> {
    for (const chunk of textChunks(plan)) {
      textBytes += chunk.length;
      yield chunk;
    }
  }
  await pipeline(Readable.from(chunks()), createGzip(), createWriteStream(path));
  return textBytes;
}

function* textChunks(plan: DocumentPlan): Generator<Buffer> {
  const { beginning, rows, end } = partsOf(plan);
  yield Buffer.from(beginning);
  yield* inChunks(rows);
  yield Buffer.from(end);
}

function partsOf(plan: DocumentPlan): { beginning: string; rows: Iterable<string>; end: string } {
  if (plan.reportType === searchTermsType) {
    return { beginning: termsBeginning, rows: termItems(plan), end: termsEnd };
  }
  if (plan.reportType === browseTreeType) {
    return { beginning: treeBeginning, rows: treeNodes(plan), end: treeEnd };
  }
  return { beginning: '', rows: delimitedLines(plan), end: '' };
}

function* delimitedLines({ reportType, rows, seed }: DocumentPlan): Generator<string> {
  const random = new Random(seed);
  const from = new Date('2026-01-01');
  const to = new Date('2026-10-01');
  const products = makeProducts(usMarket, 400, random);
  yield* reportLines(reportType, { market: usMarket, rows, from, to, random, products });
}

function* inChunks(lines: Iterable<string>): Generator<Buffer> {
  let text = '';
  for (const line of lines) {
    text += line;
    if (text.length < 1 << 20) continue;
    yield Buffer.from(text);
    text = '';
  }
  yield Buffer.from(text);
}

/** A document of any length, composed of gzip members that are made once. */
export interface EndlessDocument {
  /** The text before and after the rows, such as the header line of a delimited document. */
  beginning: Buffer;
  end: Buffer;
  members: { gzip: Buffer; textBytes: number }[];
}

/** Size of all members: several row groups, so that repetitions are far apart. */
const memberRows = 8192;
const memberCount = 48;

export function makeEndless({ reportType, seed }: Omit<DocumentPlan, 'rows'>): EndlessDocument {
  const plans = Array.from({ length: memberCount }, (_, index) => ({
    reportType,
    rows: memberRows,
    seed: seed + index,
  }));
  const member = (rows: Buffer) => ({ gzip: gzipSync(rows), textBytes: rows.length });
  if (reportType === searchTermsType || reportType === browseTreeType) {
    const { beginning, end } = partsOf(plans[0] as DocumentPlan);
    const members = plans.map((plan) => member(Buffer.from([...partsOf(plan).rows].join(''))));
    return { beginning: Buffer.from(beginning), end: Buffer.from(end), members };
  }
  const texts = plans.map((plan) => Buffer.concat([...textChunks(plan)]));
  const headerBytes = (texts[0] as Buffer).indexOf(0x0a) + 1;
  const beginning = (texts[0] as Buffer).subarray(0, headerBytes);
  const members = texts.map((text) => {
    const end = text.at(-1) === 0x0a ? '' : '\n';
    return member(Buffer.concat([text.subarray(headerBytes), Buffer.from(end)]));
  });
  return { beginning, end: Buffer.alloc(0), members };
}

/** Returns a stream of gzipped bytes for about the given number of bytes of text. */
export function streamDocument({ beginning, end, members }: EndlessDocument, textBytes: number): Readable {
  function* chunks(): Generator<Buffer> {
    yield gzipSync(beginning);
    let left = textBytes;
    for (let index = 0; left > 0; index += 1) {
      const member = members[index % members.length] as (typeof members)[number];
      yield member.gzip;
      left -= member.textBytes;
    }
    yield gzipSync(end);
  }
  return Readable.from(chunks());
}
