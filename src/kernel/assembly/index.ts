export { hasContent } from './cell';
export { countEntries, settleEntries } from './entries';
export { allocate, capacityOf, release, reset } from './memory';
export { addMoments, addNumbers, eitherSeen, marksSeen, valuesRead } from './numbers';
export * from './pages';
export { quotedEnd, quotedHasLineFeed, quotedMarks, readQuotedRow } from './quoted';
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
