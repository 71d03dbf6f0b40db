import { boolean, defineDataset, integer, text, timestamp } from 'ingot';

/**
 * User records as MongoDB exports them, nested: `user_profile` has a row each, its columns named by their path, and `user_product` a
 * row for each product that the user has, by its place in the array.
 *
 * - Time: when the record was created. A record that was updated is another row, told by `updated_at`: the newest of a user_id is the present one.
 * - A missing object is null in all of its columns; what stands where an object should be is named in `issues`.
 * - Rejected: a record without `_id` or without a creation time.
 */
export default defineDataset({
  name: 'users',
  version: 1,
  time: { key: '/createdAt/$date', column: 'created_at', notBefore: '2000-01-01', maxAheadMs: 24 * 60 * 60 * 1000 },
  nulls: [],
  person: 'user_id',
  event: {
    table: 'user_profile',
    columns: {
      user_id: text({ keys: ['_id'], required: true }),
      updated_at: timestamp({ keys: ['/updatedAt/$date'] }),
      name: text(),
      score_score: integer({ keys: ['/score/score'] }),
      score_scoreName: text({ keys: ['/score/scoreName'] }),
      score_scoreText: text({ keys: ['/score/scoreText'] }),
      score_scoreDescription: text({ keys: ['/score/scoreDescription'] }),
      score_hasConsumidorPositivo: boolean({ keys: ['/score/hasConsumidorPositivo'] }),
      score_updateCount: integer({ keys: ['/score/updateCount'] }),
      score_createdAt: timestamp({ keys: ['/score/createdAt/$date'] }),
      score_hasDebts: boolean({ keys: ['/score/hasDebts'] }),
      score_origin_utm_source: text({ keys: ['/score/origin/utm_source'] }),
      score_origin_utm_medium: text({ keys: ['/score/origin/utm_medium'] }),
      score_origin_utm_campaign: text({ keys: ['/score/origin/utm_campaign'] }),
      score_origin_utm_term: text({ keys: ['/score/origin/utm_term'] }),
      score_origin_utm_content: text({ keys: ['/score/origin/utm_content'] }),
      score_origin_referrer: text({ keys: ['/score/origin/referrer'] }),
      score_origin_ip: text({ keys: ['/score/origin/ip'] }),
      score_origin_useragent: text({ keys: ['/score/origin/useragent'] }),
    },
  },
  items: {
    table: 'user_product',
    key: 'alreadyHaveProducts',
    columns: {
      productType: text(),
      productId: text(),
      product_createdAt: timestamp({ keys: ['/createdAt/$date'] }),
    },
  },
});
