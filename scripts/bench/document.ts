import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { makeProducts, usMarket } from '../../src/sandbox/catalogue-of-goods.js';
import { Random } from '../../src/sandbox/random.js';
import { reportLines } from '../../src/sandbox/report-generator.js';

/** The report type that is measured: a wide one, of which sellers have the largest documents. */
export const reportType = 'GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL';

/** Writes a gzipped all-orders document of so many rows; returns the bytes of its text. */
export async function writeDocument(path: string, rows: number, seed: number): Promise<number> {
  let textBytes = 0;
  function* chunks(): Generator<Buffer> {
    const random = new Random(seed);
    const from = new Date('2026-01-01');
    const to = new Date('2026-10-01');
    const products = makeProducts(usMarket, 400, random);
    let text = '';
    for (const line of reportLines(reportType, { market: usMarket, rows, from, to, random, products })) {
      text += line;
      if (text.length < 1 << 20) continue;
      textBytes += Buffer.byteLength(text);
      yield Buffer.from(text);
      text = '';
    }
    textBytes += Buffer.byteLength(text);
    yield Buffer.from(text);
  }
  await pipeline(Readable.from(chunks()), createGzip(), createWriteStream(path));
  return textBytes;
}
