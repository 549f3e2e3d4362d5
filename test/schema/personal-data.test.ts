import assert from 'node:assert/strict';
import { looksPersonal, mayHoldPersonalData, personalColumns } from '../../src/schema/personal-data.js';
import type { ReportSchema } from '../../src/schema/types.js';

const schema = (restricted: boolean, pii: boolean): ReportSchema => ({
  reportType: 'GET_ORDERS',
  description: '',
  format: 'tsv',
  quoting: 'none',
  restricted,
  tables: [
    {
      name: 'orders',
      load: { mode: 'append', key: [] },
      columns: [
        { name: 'order_id', from: ['order-id'], type: { kind: 'string' } },
        { name: 'note', from: ['note'], type: { kind: 'string' }, pii: pii ? true : undefined },
        { name: 'buyer_name', from: ['buyer-name'], type: { kind: 'string' } },
      ],
    },
  ],
  file: 'orders.yaml',
});

describe('personal columns', () => {
  const columns = ['order_id', 'note', 'buyer_name', 'colour', 'ship_address_1'];

  it('are those that the schema marks, and unknown ones with the name of personal data', () => {
    assert.deepEqual(personalColumns(schema(false, true), 'Orders', columns), ['note', 'ship_address_1']);
    assert.deepEqual(personalColumns(undefined, 'orders', columns), ['buyer_name', 'ship_address_1']);
  });

  it('are all columns that the schema of a restricted type does not know', () => {
    assert.deepEqual(personalColumns(schema(true, false), 'orders', columns), ['colour', 'ship_address_1']);
    assert.deepEqual(personalColumns(schema(true, false), 'another', ['colour']), ['colour']);
  });

  it('are unknown ones that were found by their values, whatever their name', () => {
    const found = ['colour', 'order_id'];
    assert.deepEqual(personalColumns(undefined, 'orders', columns, found), [
      'order_id',
      'buyer_name',
      'colour',
      'ship_address_1',
    ]);
    assert.deepEqual(personalColumns(schema(false, true), 'orders', columns, found), [
      'note',
      'colour',
      'ship_address_1',
    ]);
  });

  it('have names in the languages of the marketplaces', () => {
    for (const name of [
      'e_mail_del_cliente',
      'correo_electrónico',
      'e_mail_des_bewertenden',
      'adresse_e_mail',
      '評価者のeメール',
      'telefonnummer',
      'numéro_de_téléphone',
      'käufername',
      'nombre_del_comprador',
      'nome_do_destinatário',
      'lieferadresse',
      'dirección_de_envío',
      'お届け先住所',
      'alıcı_adı',
    ]) {
      assert.equal(looksPersonal(name), true, name);
    }
  });

  it('are known from the schema before there is a document', () => {
    assert.equal(mayHoldPersonalData(schema(false, false)), false);
    assert.equal(mayHoldPersonalData(schema(false, true)), true);
    assert.equal(mayHoldPersonalData(schema(true, false)), true);
    assert.equal(mayHoldPersonalData(undefined), true);
  });

  it('are recognized by the names that Amazon uses, and not by words in other names', () => {
    for (const name of [
      'buyer_name',
      'recipient_name',
      'buyer_info_buyer_email',
      'ship_phone_number',
      'ship_address_line1',
      'shipping_address_address_line_2',
      'gift_message_text',
      'customer_bill_to_gstid',
      'cpf',
    ]) {
      assert.equal(looksPersonal(name), true, name);
    }
    for (const name of [
      'product_name',
      'marketplace_name',
      'address_type',
      'gift_wrap_price',
      'seller_gstin',
      'ship_country',
      'buyer_requested_cancel_reason',
    ]) {
      assert.equal(looksPersonal(name), false, name);
    }
  });
});
