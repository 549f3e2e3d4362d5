import assert from 'node:assert/strict';
import { packagedSchemasFolder, readSchemas } from '../../src/schema/read.js';
import { documentOf } from './document-of.js';
import { readRows } from './read-rows.js';

const schemas = readSchemas({ folders: [packagedSchemasFolder()] });

/** A document of a packaged type, by both engines: its rows, and its unknown headers. */
async function read(reportType: string, lines: string[][], delimiter = '\t') {
  const schema = schemas.get(reportType);
  assert.ok(schema, reportType);
  const text = lines.map((cells) => `${cells.join(delimiter)}\n`).join('');
  const [columnar, reference] = await Promise.all(
    (['columnar', 'reference'] as const).map((engine) =>
      readRows(documentOf(text, { reportType }), schema, engine),
    ),
  );
  assert.ok(columnar && reference);
  assert.deepEqual(columnar.rows, reference.rows);
  assert.deepEqual(columnar.rejects, []);
  const columns = columnar.parsed.tables.flatMap((table) => table.columns);
  return {
    rows: columnar.rows,
    unknown: columns.flatMap(({ origin, header }) => (origin === 'added' ? [header] : [])),
  };
}

describe('the packaged schemas know the headers of', () => {
  for (const [language, header] of [
    ['English', ['Date', 'Rating', 'Comments', 'Your Response', 'Order ID', 'Rater Email']],
    [
      'German',
      ['Datum', 'Bewertung', 'Kommentar', 'Ihre Antwort', 'Transaktionsnummer', 'E-Mail des Bewertenden'],
    ],
    [
      'other German',
      ['Datum', 'Bewertung', 'Kommentare', 'Antwort', 'Bestellnummer', 'E-Mail des Bewerters'],
    ],
    ['French', ['Date', 'Évaluation', 'Commentaire', 'Response', 'Order ID', "E-mail de l'évaluateur"]],
    [
      'Italian',
      ['Date', 'Rating', 'Comments', 'Response', 'Numero ordine', 'E-mail autore della valutazione'],
    ],
    ['Dutch', ['Datum', 'Beoordeling', 'Opmerkingen', 'Antwoord', 'Bestelnummer', 'E-mail van beoordelaar']],
    ['Polish', ['Data', 'Ocena', 'Komentarze', 'Odpowiedź', 'Numer zamówienia', 'E-mail oceniającego']],
    ['Spanish', ['Date', 'Rating', 'Comentarios', 'Response', 'Número de pedido', 'E-mail del cliente']],
    [
      'Mexican Spanish',
      [
        'Fecha',
        'Calificación',
        'Comentarios',
        'Tu respuesta',
        'Número de pedido',
        'Correo electrónico del evaluador',
      ],
    ],
    ['Japanese', ['日付', '評価', 'コメント', 'お客様への返答', '注文番号', '評価者のEメール']],
  ] as const) {
    it(`seller feedback in ${language}`, async () => {
      const { rows, unknown } = await read('GET_SELLER_FEEDBACK_DATA', [
        [...header],
        ['2026-11-05', '4', 'fine', 'thanks', '305-7654321-7654321', 'q9@marketplace.example'],
      ]);
      assert.deepEqual(unknown, []);
      assert.deepEqual(
        [rows[0]?.order_id, rows[0]?.rating, rows[0]?.response, rows[0]?.rater_email],
        ['305-7654321-7654321', '4', 'thanks', 'q9@marketplace.example'],
      );
    });
  }

  it('date-range reports of Australia, Japan and India, whose amounts are decimals', async () => {
    const { rows, unknown } = await read(
      'GET_DATE_RANGE_FINANCIAL_TRANSACTION_DATA',
      [
        [
          'date/time',
          'type',
          'order ID',
          'sku',
          'fulfilment by amazon fees',
          'low value goods',
          'Amazonポイントの費用',
          'Total sales tax liable(GST before adjusting TCS)',
          'TCS-CGST',
          'TCS-SGST',
          'TCS-IGST',
          'TDS (Section 194-O)',
          'トランザクションのステータス',
          'トランザクション開始日',
          'total',
        ],
        [
          '2026-07-03 09:08:05 UTC',
          'Order',
          '250-7654321-7654321',
          'MUG',
          '-5.10',
          '-1.25',
          '-12',
          '17.91',
          '-0.50',
          '-0.60',
          '-0.70',
          '-0.80',
          '保留中',
          '2026/10/10 01:00:00 JST',
          '-2.05',
        ],
      ],
      ';',
    );
    assert.deepEqual(unknown, []);
    const row = rows[0] ?? {};
    assert.deepEqual(
      [row.fba_fees, row.low_value_goods, row.amazon_points, row.tcs_cgst, row.tcs_sgst, row.tcs_igst],
      ['-5.1', '-1.25', '-12', '-0.5', '-0.6', '-0.7'],
    );
    assert.deepEqual([row.tds_section_194_o, row.transaction_status], ['-0.8', '保留中']);
    assert.equal(new Date(Number(row.transaction_release_date)).toISOString(), '2026-10-09T16:00:00.000Z');
  });

  it('storage fees, whose incentives are text, and NULL if the cell is --', async () => {
    const { rows, unknown } = await read('GET_FBA_STORAGE_FEE_CHARGES_DATA', [
      [
        'asin',
        'fnsku',
        'fulfillment-center',
        'country-code',
        'month-of-charge',
        'average-quantity-on-hand-above-30-days',
        'estimated-total-storage-utilization-surcharge-volume',
        'estimated-base-monthly-storage-fee',
        'estimated-storage-utilization-surcharge',
        'breakdown-incentive-fee-amount',
      ],
      ['B01', 'X1', 'ABE2', 'US', '2026-10', '0.5', '0.01', '0.012', '0.004', 'PROGRAM:0.0200'],
      ['B02', 'X2', 'ABE2', 'US', '2026-10', '0', '0', '0', '0', '--'],
    ]);
    assert.deepEqual(unknown, []);
    assert.deepEqual(
      rows.map((row) => [row.breakdown_incentive_fee_amount, row.estimated_storage_utilization_surcharge]),
      [
        ['PROGRAM:0.0200', '0.004'],
        [null, '0'],
      ],
    );
  });

  it('deferred transactions, all 32 of them', async () => {
    const header =
      'ReportType,date/time,settlement-id,type,order-id,sku,description,quantity,store,fulfillment,order-city,order-state,order-post-code,tax-collection-model,product-sales,product-sales-tax,shipping-credits,shipping-credits-tax,gift-wrap-credits,gift-wrap-credits-tax,regulatory-fee,tax-on-regulatory-fee,promotional-rebate,promotional-rebate-tax,marketplace-withheld-tax,selling-fees,fba-fees,other-transaction-fees,other,total,Tax Amount,Total Amount';
    const amounts = Array.from({ length: 18 }, (_, index) => `${index}.5`);
    const cells = [
      'Deferred',
      '2026-11-01 10:00:00 UTC',
      '1',
      'Order',
      'o-1',
      's-1',
      'Mug',
      '2',
      'amazon.com',
    ];
    const { rows, unknown } = await read(
      'GET_DATE_RANGE_FINANCIAL_HOLDS_DATA',
      [header.split(','), [...cells, 'Amazon', 'Austin', 'TX', '73301', '', ...amounts]],
      ',',
    );
    assert.deepEqual(unknown, []);
    assert.equal(Object.values(rows[0] ?? {}).filter((value) => value !== null).length, 32);
    assert.equal(rows[0]?.total_amount, '17.5');
  });

  it('inventory and VAT invoices, with the columns that Amazon added', async () => {
    for (const [reportType, key, added] of [
      [
        'GET_FBA_MYI_ALL_INVENTORY_DATA',
        'sku',
        ['afn-fc-transfer-quantity', 'afn-onhand-buyable-quantity', 'store'],
      ],
      [
        'GET_FBA_MYI_UNSUPPRESSED_INVENTORY_DATA',
        'sku',
        ['afn-fc-transfer-quantity', 'afn-onhand-buyable-quantity', 'store'],
      ],
      ['GET_RESERVED_INVENTORY_DATA', 'sku', ['reserved_staging', 'program']],
      [
        'GET_FLAT_FILE_VAT_INVOICE_DATA_REPORT',
        'order-id',
        ['bottle-deposit-vat-excl-amount', 'bottle-deposit-vat-amount'],
      ],
    ] as const) {
      const { unknown } = await read(reportType, [
        [key, ...added],
        ['a', ...added.map(() => '3')],
      ]);
      assert.deepEqual(unknown, [], reportType);
    }
  });
});
