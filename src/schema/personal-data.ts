import type { ReportSchema } from './types.js';

/**
 * Returns the columns of a document's table that contain personal data of buyers, in the order of
 * `columns`. If the schema knows a column, its mark decides. Unknown columns count if they are
 * named like personal data, or are among those `found` by their contents; for a restricted type,
 * they all count because nobody knows their contents.
 */
export function personalColumns(
  schema: ReportSchema | undefined,
  table: string,
  columns: readonly string[],
  found: readonly string[] = [],
): string[] {
  const known = schema?.tables.find(({ name }) => name.toLowerCase() === table.toLowerCase())?.columns ?? [];
  return columns.filter((name) => {
    // Only lineage columns have such names.
    if (name.startsWith('_')) return false;
    const column = known.find((each) => each.name.toLowerCase() === name.toLowerCase());
    if (column) return column.pii === true;
    return schema?.restricted === true || looksPersonal(name) || found.includes(name);
  });
}

/**
 * Whether documents of a type may contain personal data, by its schema. Without a schema this is
 * unknown until a document's columns are known, so the result is true.
 */
export function mayHoldPersonalData(schema: ReportSchema | undefined): boolean {
  if (!schema) return true;
  return schema.restricted || schema.tables.some(({ columns }) => columns.some(({ pii }) => pii));
}

const person =
  '(buyer|customer|recipient|consignee|rater|contact|ship_to|ship|shipping|bill_to|bill|billing)';

/** Amazon's English names of columns with personal data. */
const personal = [
  new RegExp(`(^|_)${person}(_company)?_name$`),
  /(^|_)(full|first|last)_name$/,
  /(^|_)e_?mail(_address)?$/,
  /(^|_)(phone|fax|telephone)(_number)?$/,
  new RegExp(`(^|_)(${person}|street|mailing|arrival)_address(_\\d|_line_?\\d)?$`),
  /(^|_)address(_line_?\d|_\d)$/,
  /(^|_)gift_message(_text)?$/,
  /(^|_)delivery_instructions$/,
  /(^|_)customi[sz](ation_info|ed_url)$/,
  /(^|_)(buyer|customer)_comments?$/,
  /(^|_)(buyer|customer)(_\w+)?_(tax_registration|tax_registration_id|tax_id|vat_number|gstid|gstin|nip|siren|siret|peppol_id)$/,
  /(^|_)cpf$/,
];

/** The same in the other languages of the marketplaces, anywhere in a name. */
const personalElsewhere = new RegExp(
  [
    'correo|courriel|e_?posta(?!l)|メール|(^|_)e_?mails?(_|$)|e_?mailadres|indirizzo_e_?mail',
    'telefon|teléfono|téléphone|telefoon|電話',
    'käufer|kunden_?name|acheteur|nom_du_client|destinataire|acquirente|destinatario|destinatário|comprador|nombre_del_cliente',
    'koper(_|$)|köpare|mottagare|kupując|odbiorc|alıcı|購入者|受取人|宛名|お届け先',
    'anschrift|lieferadresse|rechnungsadresse|adresse_de_(livraison|facturation)|indirizzo|dirección|endereço|bezorgadres|leveransadress|adres(_|$)|住所',
  ].join('|'),
  'u',
);

/**
 * Whether the name of a column suggests personal data of buyers: `buyer_name`, `ship_address_1`.
 */
export function looksPersonal(name: string): boolean {
  const lower = name.toLowerCase();
  return personal.some((pattern) => pattern.test(lower)) || personalElsewhere.test(lower);
}
