import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { stringify } from 'yaml';
import type { FaultPoint } from '../../src/runtime/fault-point.js';
import { runInChild, runInProcess } from '../ingest/world.js';

/**
 * Words of old buyers, in every document that is to be purged, and of a buyer whose order is new.
 */
export const oldWords = ['Quackenbush', 'Zzyzx Road'];
export const youngWords = ['Featherstonehaugh'];

const orders = (name: string) =>
  `order-id\torder-item-id\tbuyer-name\tship-address-1\tquantity-purchased
o-${name.length}\ti-1\tMina ${name}\t7 Zzyzx Road\t2\no-${name.length}\ti-2\tMina ${name}\t7 Zzyzx Road\t${name}\n`;

const xml = `<?xml version="1.0"?><AmazonEnvelope><MessageType>OrderReport</MessageType><Message><OrderReport>
<AmazonOrderID>o-xml</AmazonOrderID><BillingData><BuyerName>Otto Quackenbush</BuyerName></BillingData>
<Item><AmazonOrderItemCode>i-xml</AmazonOrderItemCode><Quantity>1</Quantity></Item></OrderReport></Message></AmazonEnvelope>`;

const documents: [type: string, content: string | Buffer, created: 'old' | 'young'][] = [
  ['GET_FLAT_FILE_ORDER_REPORT_DATA_SHIPPING', gzipSync(orders('Quackenbush')), 'old'],
  [
    'GET_FLAT_FILE_ORDER_REPORT_DATA_SHIPPING',
    orders('Featherstonehaugh').replaceAll('Zzyzx Road', 'Row'),
    'young',
  ],
  ['GET_FLAT_FILE_ORDER_REPORT_DATA_TAX', 'Quackenbush\t7 Zzyzx Road\nQuackenbush\t7 Zzyzx Road\n', 'old'],
  ['GET_ORDER_REPORT_DATA_SHIPPING', xml, 'old'],
  [
    'GET_SELLER_FEEDBACK_DATA',
    'Date\tRating\tComments\tOrder ID\n1/5/26\t5\tThanks, Quackenbush\to-1\n',
    'old',
  ],
  ['GET_EASYSHIP_DOCUMENTS', '%PDF-1.4 Quackenbush', 'old'],
  ['GET_SOMETHING_NEW', 'thing\tbuyer-email\nt-1\tmina@Quackenbush.example\n', 'old'],
  ['GET_MERCHANT_LISTINGS_ALL_DATA', 'item-name\tseller-sku\tprice\tquantity\nLamp\ts-1\t9.99\t1\n', 'old'],
];

/**
 * A folder, a new one by default, with all documents loaded by these settings, and the warehouse
 * rebuilt once, so that a copy of the file is set aside.
 */
export async function makeOldData(
  settings: Record<string, unknown> = {},
  folder = mkdtempSync(join(tmpdir(), 'sp-reports-test-')),
): Promise<string> {
  writeFileSync(join(folder, 'pipelines.yaml'), stringify(settings));
  for (const [index, [type, content, created]] of documents.entries()) {
    writeFileSync(join(folder, `${index}`), content);
    const time = created === 'old' ? '2020-01-01' : new Date().toISOString();
    const args = ['load', `${index}`, '--type', type, '--created', time];
    await runInProcess(args, { env: {}, cwd: folder });
    rmSync(join(folder, `${index}`));
  }
  const { code, stderr } = await runInProcess(['rebuild'], { env: {}, cwd: folder });
  assert.equal(code, 0, stderr);
  return folder;
}

/** Starts a purge for each of these steps, and kills it there. */
export async function crashPurge(folder: string, steps: readonly FaultPoint[]): Promise<void> {
  for (const step of steps) {
    const env = { ...process.env, SP_REPORTS_CRASH_AT: step };
    const purge = ['purge', '--older-than', '30d'];
    const nothing = () => {};
    const killed = await runInChild(purge, { env, cwd: folder }, nothing, nothing);
    assert.equal(killed.code, null, `${step}: ${killed.stderr}`);
    const counted = await runInProcess(['query', 'SELECT count(*) FROM orders_shipping'], {
      env: {},
      cwd: folder,
    });
    assert.equal(counted.code, 0, `${step}: ${counted.stderr}`);
  }
}
