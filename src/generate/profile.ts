/** The ways in which a user's record can be wrong beyond repair. */
export const brokenProfileKinds = ['not_json', 'text_for_object', 'id_missing', 'id_object', 'created_missing', 'created_unreadable', 'created_early', 'products_number', 'products_text'] as const;
export type BrokenProfileKind = (typeof brokenProfileKinds)[number];

/** A product that a user has. */
export interface OwnedProduct {
  readonly type: string;
  readonly id: number | null;
  readonly createdMs: number;
}

/** A user's record. */
export interface Profile {
  readonly id: number;
  readonly createdMs: number;
  readonly updatedMs: number;
  readonly name: string;
  readonly products: readonly OwnedProduct[];
  readonly score: Score | null;
  /** Keys come in another order, which says nothing. */
  readonly turned: boolean;
}

export interface Score {
  readonly points: number;
  readonly createdMs: number;
  readonly hasDebts: boolean | null;
  /** Null: the object is left out. */
  readonly origin: { readonly source: string | null; readonly campaign: string | null; readonly ip: string } | null;
}

/** The record as MongoDB exports it. */
export function profileText(profile: Profile): string {
  return JSON.stringify(bodyOf(profile));
}

/** A record made wrong; `salt` (a non-negative integer) chooses among the ways of one kind. */
export function brokenProfileText(kind: BrokenProfileKind, profile: Profile, salt: number): string {
  const body = bodyOf(profile);
  const among = <T>(values: readonly T[]): T => values[salt % values.length]!;
  switch (kind) {
    case 'not_json':
      return among(['not json', "{'_id': 1}", JSON.stringify(body).slice(0, 40)]);
    case 'text_for_object':
      return JSON.stringify(`user ${profile.id}`);
    case 'id_missing':
      return JSON.stringify({ ...body, _id: among([undefined, null]) });
    case 'id_object':
      return JSON.stringify({ ...body, _id: { $oid: '507f1f77bcf86cd799439011' } });
    case 'created_missing':
      return JSON.stringify({ ...body, createdAt: among([undefined, null, {}]) });
    case 'created_unreadable':
      return JSON.stringify({ ...body, createdAt: { $date: among(['yesterday', '2026-02-30T10:00:00.000+0000', true]) } });
    case 'created_early':
      return JSON.stringify({ ...body, createdAt: dated(0) });
    case 'products_number':
      return JSON.stringify({ ...body, alreadyHaveProducts: 3 });
    case 'products_text':
      return JSON.stringify({ ...body, alreadyHaveProducts: ['creditcard'] });
  }
}

function bodyOf({ id, createdMs, updatedMs, name, products, score, turned }: Profile): Record<string, unknown> {
  const owned = products.map(({ type, id: productId, createdMs: sinceMs }) => ({ productType: type, ...(productId === null ? {} : { productId }), createdAt: dated(sinceMs) }));
  const times = { createdAt: dated(createdMs), updatedAt: dated(updatedMs) };
  const first = turned ? { ...times, alreadyHaveProducts: owned } : { alreadyHaveProducts: owned, ...times };
  return { _id: id, ...first, name, ...(score === null ? {} : { score: scoreOf(score) }) };
}

function scoreOf({ points, createdMs, hasDebts, origin }: Score): Record<string, unknown> {
  const late = Math.max(1, Math.round((1000 - points) / 50));
  return {
    score: points, scoreName: points > 600 ? 'Good' : 'Fair', scoreText: `Of 100 people with this score, ${late} are late within 6 months.`, scoreDescription: 'SCORE',
    hasConsumidorPositivo: points % 3 !== 0, updateCount: 0, createdAt: dated(createdMs), ...(hasDebts === null ? {} : { hasDebts }),
    ...(origin === null ? {} : {
      origin: { utm_source: origin.source, utm_medium: origin.source === null ? null : 'email', utm_campaign: origin.campaign, utm_term: null, utm_content: origin.campaign, referrer: 'https://example.test/start', ip: origin.ip, useragent: 'Mozilla/5.0' },
    }),
  };
}

function dated(timeMs: number): { readonly $date: string } {
  return { $date: new Date(timeMs).toISOString().replace('Z', '+0000') };
}
