/** Bitmaps in Arrow's layout: the first bit of a byte is the lowest. */

export function setBit(bitmap: usize, index: i32): void {
  const byte = bitmap + (index >> 3);
  store<u8>(byte, <u32>load<u8>(byte) | (1 << (index & 7)));
}

export function hasBit(bitmap: usize, index: i32): bool {
  return ((<u32>load<u8>(bitmap + (index >> 3)) >> (index & 7)) & 1) !== 0;
}
