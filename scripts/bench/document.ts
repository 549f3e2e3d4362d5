import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip, gzipSync } from 'node:zlib';
import { makeProducts, usMarket } from '../../src/sandbox/catalogue-of-goods.js';
import { Random } from '../../src/sandbox/random.js';
import { reportLines } from '../../src/sandbox/report-generator.js';
import { searchTermsType, termItems, termsBeginning, termsEnd } from './search-terms.js';

/** The report type that is measured unless another is asked for: a wide one, of which sellers have the largest documents. */
export const usualReportType = 'GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL';

export interface DocumentPlan {
  reportType: string;
  rows: number;
  seed: number;
}

/** Writes a gzipped document of so many rows; returns the bytes of its text. */
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
  if (plan.reportType !== searchTermsType) {
    yield* inChunks(delimitedLines(plan));
    return;
  }
  yield Buffer.from(termsBeginning);
  yield* inChunks(termItems(plan));
  yield Buffer.from(termsEnd);
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

/** A document of any length out of gzip members that are made once. */
export interface EndlessDocument {
  /** What stands before the rows and behind them; the header line of a delimited document. */
  beginning: Buffer;
  end: Buffer;
  members: { gzip: Buffer; textBytes: number }[];
}

/** Together several row groups, so that what comes again is far apart. */
const memberRows = 8192;
const memberCount = 48;

export function makeEndless({ reportType, seed }: Omit<DocumentPlan, 'rows'>): EndlessDocument {
  const plans = Array.from({ length: memberCount }, (_, index) => ({
    reportType,
    rows: memberRows,
    seed: seed + index,
  }));
  const member = (rows: Buffer) => ({ gzip: gzipSync(rows), textBytes: rows.length });
  if (reportType === searchTermsType) {
    const members = plans.map((plan) => member(Buffer.from([...termItems(plan)].join(''))));
    return { beginning: Buffer.from(termsBeginning), end: Buffer.from(termsEnd), members };
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

/** The gzipped bytes of about so many bytes of text, as a stream. */
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
