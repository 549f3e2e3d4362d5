import { Random } from '../../src/sandbox/random.js';
import type { DocumentPlan } from './document.js';

/** The JSON report with the largest documents of sellers. */
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

/** Each item is followed by a comma; this last one has a term that no one searches for. */
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

/** Yields the items of the list, three per term, in Amazon's layout. */
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
