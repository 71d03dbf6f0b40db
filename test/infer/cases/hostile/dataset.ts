import { defineDataset, integer, text } from 'ingot';

/**
 * Proposed from 2 rows of in.ndjson. Read it and put right what it can't know: what is required, who is a person, which texts mean null.
 *
 * - Unique in every row, so they could be keys: own_event_id, own_EVENT_ID_2, class, a_b_c_d, c_1st, huge, zip, digits.
 * - /a.b/c~1d: a contract can't look up such a key.
 * - /a.b/c~0d: a contract can't look up such a key.
 * - it's: a contract can't look up such a key.
 * - /: a contract can't look up such a key.
 * - /~1slash: a contract can't look up such a key.
 * - 名前: a contract can't look up such a key.
 * - line break: a contract can't look up such a key.
 * - []: a contract can't look up such a key.
 */
export default defineDataset({
  name: 'hostile',
  version: 1,
  // timestamp in 2 of 2
  time: { key: 'received_at', notBefore: '2000-01-01', maxAheadMs: 24 * 60 * 60 * 1000 },
  nulls: [],
  // person: 'user_id', the text column that names a person, if there is one: `forget` goes by it.
  event: {
    table: 'hostile',
    columns: {
      own_event_id: text({ keys: ['event_id'], required: true }), // unique
      own_EVENT_ID_2: text({ keys: ['EVENT_ID'], required: true }), // unique
      class: integer({ required: true }), // unique
      a_b_c_d: text({ required: true }), // unique
      c_1st: integer({ keys: ['1st'], required: true }), // unique
      huge: text({ required: true }), // number in 2 of 2; kept as text; unique
      zip: text({ required: true }), // unique
      digits: text({ required: true }), // unique
    },
  },
});
