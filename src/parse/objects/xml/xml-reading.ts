import type { ReadableDocument } from '../../../source/types.js';
import { type ObjectReading, oneByOne } from '../objects.js';
import { NotPlainXml } from './plain-xml.js';
import { readXmlObjects } from './xml.js';

/**
 * Reads an XML document. Its survey assumes plain markup, unless it is to be always strict, and
 * finds out for the later readings whether that is right.
 */
export function xmlReading(
  document: ReadableDocument,
  { batchRows, isAlwaysStrict }: { batchRows: number; isAlwaysStrict: boolean },
): ObjectReading {
  let isPlain = !isAlwaysStrict;
  const { limits } = document;
  const reading = oneByOne((paths) => readXmlObjects(document, paths, isPlain), { batchRows, limits });
  return {
    ...reading,
    async survey(plan) {
      try {
        return await reading.survey(plan);
      } catch (error) {
        if (!(error instanceof NotPlainXml)) throw error;
        isPlain = false;
        return reading.survey(plan);
      }
    },
  };
}
