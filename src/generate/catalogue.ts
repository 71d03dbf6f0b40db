import { Random, zipf } from './random.js';
import { brands, colours, departments, lists as listNames, qualities, related as relatedNames, strangeNames, things } from './words.js';

/** A product of the shop; null fields are not known to it. */
export interface Product {
  readonly id: string;
  readonly name: string;
  readonly brand: string | null;
  readonly variant: string | null;
  /** Levels 1–5, at least one. */
  readonly categories: readonly string[];
  readonly priceCents: number;
  readonly priceInUsdCents: number | null;
  readonly params: readonly Param[];
}

/** A GA4 parameter of an item; exactly one value is set. */
export interface Param {
  readonly key: string;
  readonly value: { readonly type: 'string_value' | 'int_value' | 'double_value'; readonly text: string };
}

/** A list that the shop shows. One of id and name may be null. */
export interface List {
  readonly id: string | null;
  readonly name: string | null;
  /** How well its items are clicked, about 1. */
  readonly appeal: number;
}

/** A promotion of a list's items. */
export interface Promotion {
  readonly id: string;
  readonly name: string;
}

export const productCount = 2000;
export const listCount = listNames.length;
const poolSize = 800;

export const promotions: readonly Promotion[] = [
  { id: 'PROMO_10', name: 'Rebajas, hasta -10%' },
  { id: '20260101', name: 'Año nuevo' },
  { id: 'envio', name: 'Envío gratis' },
];

/** The lists by popularity, the most seen first. */
export const lists: readonly List[] = listNames.map(([id, name], rank) => ({ id, name, appeal: 0.7 + ((rank * 5) % 7) / 10 }));
/** The lists that stand under a product. */
export const relatedLists: readonly List[] = relatedNames.map(([id, name]) => ({ id, name, appeal: 0.8 }));

/** The same shop at every call: `productCount` products by popularity. */
export function makeProducts(): Product[] {
  const random = new Random(20_160_801);
  return Array.from({ length: productCount }, (_, rank) => makeProduct(rank, random));
}

/** Product ranks of each list, by popularity. */
export const pools: readonly Uint16Array[] = lists.map((_, list) => {
  const ranks = Array.from({ length: productCount }, (__, rank) => rank);
  return Uint16Array.from(ranks.filter((rank) => (rank * 7 + list * 3) % 5 < 2).slice(0, poolSize));
});

export const productPopularity = zipf(productCount, 3);
export const poolPopularity = zipf(poolSize, 2);
export const listPopularity = zipf(listCount, 1);

function makeProduct(rank: number, random: Random): Product {
  const thing = random.pick(things);
  const colour = random.pick(colours);
  const plain = `${thing} ${random.pick(qualities)} ${colour}`;
  const department = departments[random.below(departments.length)]!;
  const depth = 1 + Math.floor(random.unit() * random.unit() * department.length);
  const priceCents = priceOf(random);
  const brand = random.chance(0.2) ? null : random.pick(brands);
  const variant = random.chance(0.25) ? null : `${colour} / ${random.pick(['S', 'M', 'L', 'XL', 'Única'])}`;
  return {
    id: productId(rank, random.below(10_000)),
    name: rank % 12 === 5 ? strangeNames[((rank - 5) / 12) % strangeNames.length]! : plain,
    brand,
    variant,
    categories: department.slice(0, depth),
    priceCents,
    priceInUsdCents: random.chance(0.4) ? Math.floor((priceCents * 108) / 100) : null,
    params: random.chance(0.45) ? paramsOf(priceCents, random) : [],
  };
}

function productId(rank: number, salt: number): string {
  const number = String(rank).padStart(4, '0');
  if (rank % 10 === 3) return `000${number}`;
  if (rank % 10 === 7) return `90071992547${number}${String(salt).padStart(4, '0')}`;
  return `SKU-${number}-${String(salt)}`;
}

function priceOf(random: Random): number {
  const share = random.unit();
  const cents = 199 + Math.floor(share * share * share * share * 150_000) + random.below(4_000);
  if (random.chance(0.1)) return Math.ceil(cents / 100) * 100;
  return random.chance(0.5) ? Math.floor(cents / 100) * 100 + 99 : cents;
}

function paramsOf(priceCents: number, random: Random): Param[] {
  const params: Param[] = [{ key: 'in_stock', value: { type: 'int_value', text: random.chance(0.9) ? '1' : '0' } }];
  if (random.chance(0.25)) {
    const parts = random.pick([3, 6, 12]);
    params.push({ key: 'installment_price', value: { type: 'string_value', text: dollars(Math.ceil((priceCents * 40) / parts)) } });
    params.push({ key: 'number_of_installments', value: { type: 'int_value', text: String(parts) } });
  } else if (random.chance(0.1)) {
    params.push({ key: 'discounts', value: { type: 'double_value', text: `${random.below(40)}.5` } });
  }
  return params;
}

/** `$1,234.50` */
function dollars(cents: number): string {
  const whole = String(Math.floor(cents / 100));
  const grouped = whole.length > 3 ? `${whole.slice(0, -3)},${whole.slice(-3)}` : whole;
  return `$${grouped}.${String(cents % 100).padStart(2, '0')}`;
}
