import { crc32, deflateRawSync } from 'node:zlib';

export interface ZipEntry {
  name: string;
  content: Buffer | string;
  /** What its headers state, if that is not the truth. */
  states?: { size?: number; crc?: number };
  /** The mode on Unix, such as that of a link. */
  mode?: number;
  isEncrypted?: boolean;
  /** Days and times as DOS writes them; none by default. */
  dosDate?: number;
  /** The bytes of an earlier entry are used again. */
  sharesBytesOf?: number;
}

/** A zip archive of deflated entries, which may contradict itself. */
export function zipOf(entries: ZipEntry[]): Buffer {
  const bodies: Buffer[] = [];
  const starts: number[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const entry of entries) {
    const { name, content, states = {}, mode = 0o100644, isEncrypted, dosDate = 0, sharesBytesOf } = entry;
    const bytes = Buffer.from(content);
    const packed = deflateRawSync(bytes);
    const nameBytes = Buffer.from(name);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(0x0800 | (isEncrypted ? 1 : 0), 2);
    common.writeUInt16LE(8, 4);
    common.writeUInt16LE(dosDate, 8);
    common.writeUInt32LE(states.crc ?? crc32(bytes), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(states.size ?? bytes.length, 18);
    common.writeUInt16LE(nameBytes.length, 22);
    const start = sharesBytesOf === undefined ? at : (starts[sharesBytesOf] ?? at);
    starts.push(start);
    if (sharesBytesOf === undefined) {
      const body = Buffer.concat([Buffer.from('PK\x03\x04'), common, nameBytes, packed]);
      bodies.push(body);
      at += body.length;
    }
    const behind = Buffer.alloc(14);
    behind.writeUInt32LE((mode << 16) >>> 0, 6);
    behind.writeUInt32LE(start, 10);
    const madeBy = Buffer.from([20, 3]);
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02'), madeBy, common, behind, nameBytes]));
  }
  const listing = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(listing.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...bodies, listing, end]);
}
