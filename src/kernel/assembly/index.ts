export { countUnusual, hasContent } from './cell';
export { encodeAscending } from './deltas';
export { countEntries, settleEntries } from './entries';
export { endOfValue, itemsRead, itemsStopped, readItems, unevenCells } from './json';
export {
  newPath,
  pathFirstChild,
  pathKinds,
  pathName,
  pathNameLength,
  pathNext,
  pathNullOrder,
  pathOrder,
  setPath,
} from './json-paths';
export { splitBytes, splitItems, splitStopped } from './json-split';
export { loneSurrogates } from './json-tokens';
export { allocate, capacityOf, enlarge, release, reset } from './memory';
export {
  addIntegers,
  eitherSeen,
  marksSeen,
  moveValues,
  readEntries,
  valuesRead,
} from './numbers';
export {
  encodeIndices,
  extremeDoubles,
  extremeIntegers,
  extremeTexts,
  greatest,
  least,
  plainBits,
  plainIntegers,
  plainTexts,
} from './pages';
export { quotedCells, quotedEnd, quotedHasLineFeed, quotedMarks, readQuotedRow } from './quoted';
export { cutRows, findMarks } from './scan';
export {
  addEntries,
  addTexts,
  addToDictionary,
  clearDictionary,
  clearTexts,
  dictionaryBytes,
  dictionaryCount,
  dictionaryOffsets,
  freeDictionary,
  newDictionary,
  newTexts,
  textsBytes,
  textsOffsets,
} from './texts';
export { elementBytes, elementsRead, elementsStopped, readElements } from './xml';
