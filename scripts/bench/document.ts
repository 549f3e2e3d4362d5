import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip, gzipSync } from 'node:zlib';
import { makeProducts, usMarket } from '../../src/sandbox/catalogue-of-goods.js';
import { Random } from '../../src/sandbox/random.js';
import { reportLines } from '../../src/sandbox/report-generator.js';

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

function* textChunks({ reportType, rows, seed }: DocumentPlan): Generator<Buffer> {
  const random = new Random(seed);
  const from = new Date('2026-01-01');
  const to = new Date('2026-10-01');
  const products = makeProducts(usMarket, 400, random);
  let text = '';
  for (const line of reportLines(reportType, { market: usMarket, rows, from, to, random, products })) {
    text += line;
    if (text.length < 1 << 20) continue;
    yield Buffer.from(text);
    text = '';
  }
  yield Buffer.from(text);
}

/** A document of any length out of gzip members that are made once. */
export interface EndlessDocument {
  header: Buffer;
  members: { gzip: Buffer; textBytes: number }[];
  /** The header line, gunzipped. */
  headerLine: Buffer;
}

/** Together several row groups, so that what comes again is far apart. */
const memberRows = 8192;
const memberCount = 48;

export function makeEndless({ reportType, seed }: Omit<DocumentPlan, 'rows'>): EndlessDocument {
  const texts = Array.from({ length: memberCount }, (_, index) =>
    Buffer.concat([...textChunks({ reportType, rows: memberRows, seed: seed + index })]),
  );
  const headerBytes = (texts[0] as Buffer).indexOf(0x0a) + 1;
  const headerLine = (texts[0] as Buffer).subarray(0, headerBytes);
  const members = texts.map((text) => {
    const end = text.at(-1) === 0x0a ? '' : '\n';
    const rows = Buffer.concat([text.subarray(headerBytes), Buffer.from(end)]);
    return { gzip: gzipSync(rows), textBytes: rows.length };
  });
  return { headerLine, header: gzipSync(headerLine), members };
}

/** The gzipped bytes of about so many bytes of text, as a stream. */
export function streamDocument({ header, members }: EndlessDocument, textBytes: number): Readable {
  function* chunks(): Generator<Buffer> {
    yield header;
    let left = textBytes;
    for (let index = 0; left > 0; index += 1) {
      const member = members[index % members.length] as (typeof members)[number];
      yield member.gzip;
      left -= member.textBytes;
    }
  }
  return Readable.from(chunks());
}
