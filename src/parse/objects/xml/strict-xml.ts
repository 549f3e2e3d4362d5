import { SaxesParser } from 'saxes';
import type { XmlRows } from './xml-rows.js';

/** What reads the markup of a document. */
export interface XmlTokens {
  /** What is wrong with the document; nothing after it is read. */
  readonly failure: string | undefined;
  readonly line: number | undefined;
  write(chunk: string): void;
  end(): void;
}

/**
 * Reads any markup, and says what is wrong with it. A document type with entities of its own is
 * refused, and nothing outside the document is ever read.
 */
export class StrictXml implements XmlTokens {
  failure: string | undefined;
  private readonly parser = new SaxesParser({ xmlns: false });

  constructor(private readonly rows: XmlRows) {
    const { parser } = this;
    parser.on('error', ({ message }) => this.fail(message.replace(/^\d+:\d+: /, '')));
    parser.on('doctype', (text) => {
      if (/<!ENTITY/i.test(text)) this.fail('it declares entities of its own');
    });
    parser.on('opentag', ({ name, attributes }) => rows.openElement(name, Object.entries(attributes)));
    parser.on('text', (text) => rows.text(text));
    parser.on('cdata', (text) => {
      rows.token();
      rows.text(text);
    });
    parser.on('comment', () => rows.token());
    parser.on('processinginstruction', () => rows.token());
    parser.on('closetag', () => rows.closeElement());
  }

  get line(): number {
    return this.parser.line;
  }

  write(chunk: string): void {
    this.parser.write(chunk);
  }

  end(): void {
    const { begun } = this.rows;
    if (begun !== undefined) this.fail(`it ends within <${begun}>`);
    else this.parser.close();
  }

  // Nothing after the first failure is worth reading.
  private fail(reason: string): void {
    this.failure ??= reason;
  }
}
