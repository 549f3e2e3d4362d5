import { Random } from '../../src/sandbox/random.js';
import type { DocumentPlan } from './document.js';

/** The JSON report of which sellers have the largest documents. */
export const searchTermsType = 'GET_BRAND_ANALYTICS_SEARCH_TERMS_REPORT';

const specification = {
  reportType: searchTermsType,
  reportOptions: { reportPeriod: 'WEEK' },
  dataStartTime: '2026-10-04',
  dataEndTime: '2026-10-10',
  marketplaceIds: ['ATVPDKIKX0DER'],
};

export const termsBeginning = `{
  "reportSpecification": ${JSON.stringify(specification)},
  "dataByDepartmentAndSearchTerm": [
`;

/** Items are made with a comma behind each; the last has the term that no one searches for. */
export const termsEnd = `${itemText({
  departmentName: 'Amazon.com',
  searchTerm: 'the last',
  searchFrequencyRank: 999_999_999,
  clickedAsin: 'B000000000',
  clickShareRank: 1,
  clickShare: 0.1,
  conversionShare: 0.1,
})}
  ]
}
`;

const words =
  'wireless mouse red blue phone case iphone charger cable usb kitchen knife set tür größe "best" dog toy large small for women men kids'.split(
    ' ',
  );
const itemsPerTerm = 3;

/** The items of the list, three to a term, as Amazon lays them out. */
export function* termItems({ rows, seed }: DocumentPlan): Generator<string> {
  const random = new Random(seed);
  for (let index = 0; index < rows; ) {
    const count = random.integer(2, 5);
    const term = Array.from({ length: count }, () => random.pick(words));
    const searchTerm = `${term.join(' ')} ${random.integer(0, 99_999)}`;
    for (let rank = 1; rank <= itemsPerTerm && index < rows; rank += 1, index += 1) {
      yield `${itemText({
        departmentName: 'Amazon.com',
        searchTerm,
        searchFrequencyRank: Math.floor(index / itemsPerTerm) + 1,
        clickedAsin: `B0${random
          .integer(0, 36 ** 8 - 1)
          .toString(36)
          .toUpperCase()
          .padStart(8, '0')}`,
        clickShareRank: rank,
        clickShare: random.integer(1, 5000) / 10_000,
        conversionShare: random.integer(0, 5000) / 10_000,
      })},\n`;
    }
  }
}

function itemText(item: Record<string, string | number>): string {
  return JSON.stringify(item, null, 2).replaceAll(/^/gm, '    ');
}
