const scale = 10_000n;

/** Purchases for each view as a JSON number with four digits, half up: `0.0150`; null when there is no view. */
export function ratioText(purchases: number, productViews: number): string {
  if (productViews === 0) return 'null';
  if (purchases === 0) return '0.0000';
  const views = BigInt(productViews);
  const rounded = (2n * scale * BigInt(purchases) + views) / (2n * views);
  return `${rounded / scale}.${String(rounded % scale).padStart(4, '0')}`;
}
