import type { ReportSchema } from './types.js';

/**
 * The columns of a document's table that hold personal data of buyers, in the order of `columns`. Where the schema knows a column, its mark
 * counts; of others those do that are named like personal data, and all of a restricted type, as nobody can tell what they hold.
 */
export function personalColumns(
  schema: ReportSchema | undefined,
  table: string,
  columns: readonly string[],
): string[] {
  const known = schema?.tables.find(({ name }) => name.toLowerCase() === table.toLowerCase())?.columns ?? [];
  return columns.filter((name) => {
    // Names of the lineage begin so, and no others.
    if (name.startsWith('_')) return false;
    const column = known.find((each) => each.name.toLowerCase() === name.toLowerCase());
    return column ? column.pii === true : schema?.restricted === true || looksPersonal(name);
  });
}

/**
 * Whether documents of a type may hold personal data, by its schema. Without a schema that is not known before a document's columns are, so
 * the answer is yes for one that has none.
 */
export function mayHoldPersonalData(schema: ReportSchema | undefined): boolean {
  if (!schema) return true;
  return schema.restricted || schema.tables.some(({ columns }) => columns.some(({ pii }) => pii));
}

const person =
  '(buyer|customer|recipient|consignee|rater|contact|ship_to|ship|shipping|bill_to|bill|billing)';

/** Names of columns of personal data, as Amazon has them in English. */
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

/** Whether a column is named like personal data of buyers: `buyer_name`, `ship_address_1`. */
export function looksPersonal(name: string): boolean {
  return personal.some((pattern) => pattern.test(name.toLowerCase()));
}
