import { Random } from '../../src/sandbox/random.js';
import type { DocumentPlan } from './document.js';

/** The XML report with the largest documents. */
export const browseTreeType = 'GET_XML_BROWSE_TREE_DATA';

export const treeBeginning = '<?xml version="1.0" encoding="UTF-8"?>\n<Result>\n';
export const treeEnd = '</Result>\n';

const words = 'Home Kitchen Garden Tools Größe Baby Toys Games Office Books Music Outdoor Pet Beauty'.split(
  ' ',
);

/** Yields the nodes of a category tree, in Amazon's layout. */
export function* treeNodes({ rows, seed }: DocumentPlan): Generator<string> {
  const random = new Random(seed);
  const id = () => String(random.integer(1_000_000, 99_999_999_999));
  for (let index = 0; index < rows; index += 1) {
    const depth = random.integer(1, 6);
    const names = Array.from({ length: depth }, () => `${random.pick(words)} &amp; ${random.pick(words)}`);
    const ids = Array.from({ length: depth - 1 }, id);
    const own = String(10_000_000_000 + index);
    const children = random.integer(0, 3) === 0 ? Array.from({ length: random.integer(1, 9) }, id) : [];
    const attributes = random.integer(0, 2);
    yield `  <Node>
    <browseNodeId>${own}</browseNodeId>
    <browseNodeAttributes count="${attributes}">${Array.from({ length: attributes }, () => `<attribute name="item_type_keyword">${random.pick(words)}</attribute>`).join('')}</browseNodeAttributes>
    <browseNodeName>${names.at(-1)}</browseNodeName>
    <browseNodeStoreContextName>${names[0]}</browseNodeStoreContextName>
    <browsePathById>${[...ids, own].join(',')}</browsePathById>
    <browsePathByName>${names.join(',')}</browsePathByName>
    <hasChildren>${children.length > 0}</hasChildren>
    <childNodes count="${children.length}">${children.map((each) => `<id>${each}</id>`).join('')}</childNodes>
    <productTypeDefinitions>${random.pick(words).toUpperCase()}</productTypeDefinitions>
    <refinementsInformation count="0"/>
  </Node>
`;
  }
}
