import { readFileSync } from 'node:fs';
import type { GeneratedDataset } from '../../src/generate/generators.js';

/** A question to the lake, and how many rows of the answer are shown. */
export interface Question {
  readonly title: string;
  readonly sql: string;
  readonly rows?: number;
}

/** What `npm run demo -- <name>` does with a dataset. */
export interface DemoCase {
  readonly dataset: GeneratedDataset;
  /** Where the made events wait: an embedded queue, a file of this name, or a folder; of a folder, which parts of it are landed. */
  readonly source: { readonly queue: string } | { readonly file: string } | { readonly folder: string; readonly from: readonly string[] };
  readonly questions: readonly Question[];
  /** Commands to go on with, without `npx ingot`. `LAKE` is the lake's folder. */
  readonly next: readonly string[];
}

const shop: DemoCase = {
  dataset: 'shop',
  source: { queue: 'shop-events' },
  questions: [
    { title: 'Lists that engage most (Wilson\'s lower bound of the share of viewers who clicked)', sql: analysis('shop', 'top_lists') },
    { title: 'Products that turn views into purchases', sql: analysis('shop', 'top_products') },
    {
      title: 'The funnel, a day',
      sql: 'SELECT event_date, CAST(sum(sessions) AS BIGINT) AS sessions, CAST(sum(funnel_view_item_list) AS BIGINT) AS saw_a_list, CAST(sum(funnel_view_item) AS BIGINT) AS viewed, CAST(sum(funnel_begin_checkout) AS BIGINT) AS checked_out, CAST(sum(funnel_purchase) AS BIGINT) AS bought, CAST(sum(orders) AS BIGINT) AS orders, sum(revenue) AS revenue FROM gold.funnel_daily GROUP BY event_date ORDER BY event_date',
      rows: 10,
    },
  ],
  next: [
    'query --lake LAKE "SELECT * FROM gold.list_metrics ORDER BY revenue DESC LIMIT 10"',
    'query --lake LAKE --file datasets/shop/analyses/list_positions.sql --since 2026-01-01 --until 2026-01-07',
    'query --lake LAKE "SELECT reason, count(*) AS messages FROM silver.shop_rejected GROUP BY reason"',
    'backfill shop --lake LAKE --since 2026-01-03 --until 2026-01-04',
  ],
};

const actions: DemoCase = {
  dataset: 'actions',
  source: { queue: 'user-actions' },
  questions: [
    { title: 'The latest actions', sql: 'SELECT event_datetime, event_name, user_id, platform, product_name, SKU FROM silver.user_action ORDER BY event_datetime DESC, event_id' },
    { title: 'Products from view to purchase', sql: 'SELECT * FROM gold.product_funnel ORDER BY purchases DESC, clicks DESC, views DESC, event_date, SKU' },
  ],
  next: ['query --lake LAKE "SELECT * FROM gold.product_actions ORDER BY ALL LIMIT 10"', 'status actions --lake LAKE'],
};

const bank: DemoCase = {
  dataset: 'bank',
  source: { file: 'demo-bank.csv' },
  questions: [
    { title: 'What each segment of customers is worth', sql: analysis('bank', 'segment_value'), rows: 10 },
    { title: 'Suspicious transactions', sql: 'SELECT transaction_id, customer_id, transaction_at, transaction_amount_inr, rules, basis, median_amount, round(deviations) AS deviations FROM gold.suspicious_transaction ORDER BY transaction_amount_inr DESC, transaction_id' },
    { title: 'Transactions, a day', sql: 'SELECT * FROM gold.transactions_by_day ORDER BY event_date', rows: 10 },
  ],
  next: ['rejected bank --lake LAKE', 'query --lake LAKE --file datasets/bank/analyses/places_and_ages.sql --since 2026-01-01 --until 2026-01-07', 'profile silver.bank_transaction --lake LAKE'],
};

const users: DemoCase = {
  dataset: 'users',
  source: { file: 'demo-users.ndjson' },
  questions: [
    { title: 'Users by product', sql: 'SELECT * FROM gold.user_products ORDER BY users DESC, product_type' },
    { title: 'Users by score', sql: 'SELECT * FROM gold.user_scores ORDER BY users DESC, score_range' },
    { title: 'Products, and the scores of those who have them', sql: analysis('users', 'products_and_scores') },
  ],
  next: ['query --lake LAKE "SELECT * FROM silver.user_product LIMIT 10"', 'profile silver.user_profile --lake LAKE'],
};

const music: DemoCase = {
  dataset: 'music',
  source: { folder: 'demo-music-files', from: ['.'] },
  questions: [
    { title: 'Top tracks', sql: 'SELECT * FROM gold.top_tracks ORDER BY place' },
    { title: 'Favourite artists', sql: analysis('music', 'favourite_artists') },
    { title: 'Plays by genre', sql: 'SELECT * FROM gold.plays_by_genre ORDER BY plays DESC, genre' },
    { title: 'Listening with and without a track', sql: analysis('music', 'listening_balance') },
  ],
  next: ['query --lake LAKE "SELECT * FROM gold.top_tracks_by_user ORDER BY user_id, place LIMIT 10"', 'rejected music --lake LAKE', 'profile silver.track --lake LAKE'],
};

const storefront: DemoCase = {
  dataset: 'storefront',
  source: { folder: 'demo-storefront-files', from: ['views', 'orders'] },
  questions: [
    { title: 'Views and purchases, a day', sql: analysis('storefront', 'ctr_by_day'), rows: 10 },
    { title: 'Products that turn views into purchases', sql: analysis('storefront', 'top_products') },
    { title: 'Events by what they are', sql: 'SELECT event_type, event_name, CAST(sum(events) AS BIGINT) AS events, CAST(sum(product_views) AS BIGINT) AS product_views FROM gold.events_by_day GROUP BY event_type, event_name ORDER BY events DESC' },
  ],
  next: ['serve --lake LAKE --port 8080', 'status storefront --lake LAKE', 'query --lake LAKE "SELECT * FROM silver.purchase_order LIMIT 10"'],
};

export const demoCases: readonly DemoCase[] = [shop, actions, bank, users, music, storefront];

function analysis(dataset: string, name: string): string {
  return readFileSync(new URL(`../../datasets/${dataset}/analyses/${name}.sql`, import.meta.url), 'utf8');
}
