/*
 * Decimals as Arrow stores them: unscaled integers of 128 bits in four words, the lowest first.
 * Nothing passes through a double.
 */

/**
 * Returns the unscaled integer of a canonical number: `-11.5` with scale 4 is -115000. Its fraction
 * must have at most `scale` digits.
 */
export function unscaledDecimal(canonical: string, scale: number): bigint {
  const [whole = '', fraction = ''] = canonical.split('.');
  return BigInt(whole + fraction.padEnd(scale, '0'));
}

/** Returns the unscaled integer in the four words at `index`. */
export function unscaledAt(words: Uint32Array, index: number): bigint {
  const own = [...words.subarray(index * 4, index * 4 + 4)];
  return BigInt.asIntN(
    128,
    own.reduce((sum, word, index) => sum | (BigInt(word) << BigInt(32 * index)), 0n),
  );
}

/** Returns the number in the four words at `index`, in canonical spelling. */
export function canonicalDecimal(words: Uint32Array, index: number, scale: number): string {
  return decimalText(unscaledAt(words, index), scale);
}

/** Returns an unscaled integer in canonical spelling, without trailing zeros: `-11.5`. */
export function decimalText(unscaled: bigint, scale: number): string {
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  const fraction = digits.slice(digits.length - scale).replace(/0+$/, '');
  return `${unscaled < 0n ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}
