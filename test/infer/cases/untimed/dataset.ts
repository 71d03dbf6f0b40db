import { date, defineDataset, number, text } from 'ingot';

/**
 * Proposed from 3 rows of in.json. Read it and put right what it can't know: what is required, who is a person, which texts mean null.
 *
 * - Unique in every row, so they could be keys: score.
 * - Other times: born (date in 3 of 3).
 */
export default defineDataset({
  name: 'untimed',
  version: 1,
  // No time is in enough rows: events are dated by their receipt.
  time: { load: true },
  nulls: [],
  // person: 'user_id', the text column that names a person, if there is one: `forget` goes by it.
  event: {
    table: 'untimed',
    columns: {
      track: text({ required: true }),
      user: text({ required: true }),
      plays: number({ required: true }),
      born: date({ required: true }),
      score: text({ required: true }), // text in 3 of 3, numbers among them: 2; unique
      when: text(), // never a value in 3
    },
  },
});
