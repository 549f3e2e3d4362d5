import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fuzz, readByBoth } from './fuzz.js';

describe('mutated documents, notifications, settings, schemas and answers', () => {
  it('are read alike by both engines, or refused with an error of the catalogue', async () => {
    const { failures, answers, cases } = await fuzz(300, 1);
    assert.deepEqual(failures, []);
    // Some of each, otherwise nothing was tried.
    assert.ok((answers.read ?? 0) > 50 && Object.keys(answers).length > 4, JSON.stringify(answers));
    assert.deepEqual([...new Set(Object.values(cases))], [50]);
  });

  // As the fuzzer found them, in base64.
  for (const [name, bytes] of Object.entries({
    'a NUL after a quote':
      '77u/IkluY2x1ZGVzIEFtYXpvbiBNYXJrZXRwbGFjZSwgRnVsZmlsbG1lbnQgYnkgQW1hem9uLCBhbmQgbW9yZSIKIkFsbCBhbW91bnRzIGluIFVTRCwgdW5sZXNzIHNwZTwhW0NEQVRBW2NpZmllZCIKIkRlRGVEZWZpbml0aW9uczoiCiJkYXRlL3RpbWUiLCJzZXR0bGVtZW50IGlkIiwidHlwZSIsIm9yZGVyIGlkIiwic2t1IiwicXVhbnRpdHkiLCJ0b3RhbCIKIkphbiA1LCD8MDI2IDE6MjM6NDUgUE0gUFNUIiwiMjEwMDAwMDAwMDEiLCJPcmRlciIsIjExMS0xIiwiYSwgIgAiMSIsIjEsMjM0LjUwIgoiSmFuIDUsIDIwMjYgMToyMzo0NiBQTSBQU1QiLCIyMTAwMDAwMDAwMSIsIlRyYW5zZmVyIiwiIiwiIiwiIiwiLTEsMjM0LjUwIgo=',
    'a quoted header of two lines after a byte order mark':
      '77u/IkluY2x1ZGVzIEFtYXpvbiBNYXJrZXRwbGFjZSwgRnVsZmlsbA0KbWVudCBieSBBbWF6b24sIGFuZCBtb3JlIgoiQWxsIGFtb3VudHMgaW4gVVNELCB1bmxlc3Mgc3BlY2lmaWVkIgoiRGVmaW5pdGlvbnM6IgoiZGF0ZS90aW1lIiwic2V0dGxlbWVudCBpZCIsInR5cGUiLCJvcmRlciBpZCIsInNrdSIsInF1YW50aXR5IiwidG/vu78zOjQ1IFBNIFBTVCIsIjIxMDAwMDAwMDAxIiwiT3JkZXIiLCIxMTEtMSIsImEsICIiYiIiIiwiMSIsIjEsMjM0LjUwIgoiSmFuIDUsIDIwMjYgMToyMzo0NiBQTSBQU1QiLCIyMTAwMDAwMDAwMSIsIlRyYW5zZmVyIiwiIiwiIiwiIiwiLTEsMjM0LjUwIgo=',
  })) {
    it(`are read alike by both engines: ${name}`, async () => {
      const folder = mkdtempSync(join(tmpdir(), 'sp-reports-fuzz-'));
      try {
        assert.equal(await readByBoth(Buffer.from(bytes, 'base64'), 'GET_SOMETHING_NEW', folder), 'read');
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  }
});
