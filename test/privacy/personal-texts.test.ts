import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { vectorFromArray, Utf8 } from 'apache-arrow';
import { PersonalTextFinder } from '../../src/privacy/personal-texts.js';
import { onEachCollection } from '../collections.js';

function find(texts: (string | null)[]) {
  const finder = new PersonalTextFinder();
  for (const type of [new Utf8(), undefined]) {
    const [data] = (type ? vectorFromArray(texts, type) : vectorFromArray(texts)).data;
    if (data) finder.add(data);
  }
  return finder;
}

describe('the values of an unknown column', () => {
  it('are personal data if they contain e-mail addresses, also of relays, counted by cell', () => {
    const texts = ['fine', null, 'write to Zoë.Müller+1@sub.example.co.uk!', 'q7@marketplace.amazon.com.be'];
    assert.deepEqual(find([...texts, 'q7@marketplace.amazon.com.be']).found, { emails: 6, phones: 0 });
  });

  it('are personal data if most of them are telephone numbers', () => {
    for (const phone of [
      '+49 30 1234567',
      '+14155550123',
      '+1 207-835-4259 ext. 62119',
      '0049 30 1234567',
      '(415) 555-0123',
      '415-555-0123',
      '030 1234567',
      '03-1234-5678',
      '0171/1234567',
    ]) {
      assert.ok(find([phone, '', phone]).isPersonal(), phone);
      assert.ok(!find([phone, 'red', 'blue', 'green']).isPersonal(), phone);
    }
  });

  it('are no personal data if they only look alike', () => {
    for (const text of [
      '302-1234567-1234567',
      '0012345678',
      '4006381333931',
      '2026-11-05',
      '05.11.2026 10:00',
      '05-11-2026',
      '100-0001',
      'X00123ABCD',
      '1,234.50',
      'https://images.example/logo@2x.png',
      '@home',
      'a @ b',
      '10 @ 5.00',
      '0.0148',
      '-12',
    ]) {
      assert.ok(!find([text, text]).isPersonal(), text);
    }
  });

  onEachCollection('samples', (samples, size) => {
    it(`of the ${size} collection are personal data only where a person can be reached`, () => {
      const found: string[] = [];
      for (const name of readdirSync(samples).filter((each) => /--.*\.(tsv|txt|csv)$/.test(each))) {
        const [header = [], ...rows] = readFileSync(join(samples, name), 'utf8')
          .split(/\r?\n/)
          .map((line) => line.split('\t'));
        header.forEach((column, index) => {
          if (find(rows.map((cells) => cells[index] ?? null)).isPersonal()) found.push(column);
        });
      }
      assert.deepEqual(
        found.filter((column) => !/mail|phone/i.test(column)),
        [],
      );
    });
  });
});
