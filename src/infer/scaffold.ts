import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LakeError, messageOf } from '../errors.js';

/** A dataset folder that runs at once; paths from the folder, with their texts. */
export type Scaffold = Readonly<Record<string, string>>;

export const sampleName = 'sample.ndjson';

/** What a dataset's name must be: it becomes a folder and the names of tables. */
export const nameRule = 'small letters, digits and _, a letter first, 40 at most: web_orders';

/** @throws LakeError USAGE for what can be no dataset's name */
export function checkName(name: string): string {
  if (/^[a-z][a-z0-9_]{0,39}$/.test(name)) return name;
  throw new LakeError(`${JSON.stringify(name)} can be no dataset's name`, { code: 'USAGE', op: 'options', path: name, hint: `A name is of ${nameRule}.` });
}

/** The gold model and the analysis of a new dataset. @param person the event column that names one, if any */
export function modelsOf(name: string, table: string, person: string | null): Scaffold {
  const persons = person === null ? '' : `, count(DISTINCT ${person}) AS persons`;
  return {
    [`gold/${name}_by_day.sql`]: `-- model: ${name}_by_day
-- grain: event_date
-- inputs: silver.${table}
-- purpose: rows${person === null ? '' : ' and distinct persons'} of each date, UTC
-- lookback: 0 days
-- lookahead: 0 days
-- partition_by: event_date
-- check: unique(event_date)
-- check: not_null(event_date, events)
SELECT event_date, count(*) AS events${persons}
FROM silver.${table}
WHERE event_date BETWEEN CAST($since AS DATE) AND CAST($until AS DATE)
GROUP BY event_date
`,
    'analyses/busiest_days.sql': `-- analysis: busiest_days
-- grain: event_date
-- inputs: gold.${name}_by_day
-- purpose: the ten dates with the most rows
SELECT *
FROM gold.${name}_by_day
ORDER BY events DESC, event_date
LIMIT 10
`,
  };
}

/** A small contract with what a person changes first, and events that fit it. */
export function exampleOf(name: string): Scaffold {
  const lines = [1, 2, 3, 4, 5, 6].map((number) => JSON.stringify({
    id: `e${number}`, at: `2026-01-0${Math.ceil(number / 2)}T1${number}:00:00Z`, user: { id: `u${(number % 3) + 1}` }, action: number % 2 === 0 ? 'buy' : 'view', amount: number % 2 === 0 ? 9.5 * number : null,
  }));
  return {
    'dataset.ts': `import { defineDataset, money, text } from 'ingot';

/** What this is: say it in a sentence. \`ingot infer FILE\` proposes a contract for files of your own. */
export default defineDataset({
  name: '${name}',
  // Raise it with each change: silver and gold are then built anew.
  version: 1,
  // Where an event's time stands. Without one: time: { load: true }.
  time: { key: 'at', column: 'at', notBefore: '2000-01-01', maxAheadMs: 24 * 60 * 60 * 1000 },
  // Texts that mean null.
  nulls: [''],
  // \`forget\` removes a person by this column.
  person: 'user_id',
  event: {
    table: '${name}',
    columns: {
      id: text({ required: true }),
      // A way to a nested value begins with a slash.
      user_id: text({ keys: ['/user/id'] }),
      action: text({ required: true, values: ['view', 'buy'] }),
      amount: money(),
    },
  },
});
`,
    [sampleName]: `${lines.join('\n')}\n`,
    ...modelsOf(name, name, 'user_id'),
  };
}

/**
 * Writes a new dataset's folder.
 * @throws LakeError USAGE when it is there already, or can't be written
 */
export async function writeScaffold(folder: string, files: Scaffold): Promise<void> {
  if (existsSync(folder)) throw new LakeError(`${folder} is there already`, { code: 'USAGE', op: 'init', path: folder, hint: 'Give another name, or remove that folder first: nothing is overwritten.' });
  try {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text, { flag: 'wx' });
    }
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw new LakeError(`${folder} can't be written: ${messageOf(error)}`, { code: 'USAGE', op: 'init', path: folder, hint: 'Give another folder with --datasets.', cause: error });
  }
}
