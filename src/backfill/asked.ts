import type { Config } from '../config.js';
import type { Dataset } from '../dataset.js';
import { LakeError } from '../errors.js';
import { parseSourceUri } from '../sources/uri.js';
import type { Asked } from './record.js';

/** What the options ask for. @throws LakeError USAGE */
export function askedOf({ since, until, platform, layer, from }: Config, dataset: Dataset): Asked {
  if ((since === undefined) !== (until === undefined)) throw usage(`--${since === undefined ? 'since' : 'until'} is missing`, `--${since === undefined ? 'since' : 'until'}`, 'Give both dates of the range, or the same date twice.');
  if (since !== undefined && until !== undefined && since > until) throw usage(`--since ${since} is after --until ${until}`, '--since', 'Both dates are included.');
  const dates = { since: since ?? null, until: until ?? null };
  if (from !== undefined) {
    if (layer !== undefined && layer !== 'bronze') throw usage(`--from lands raw history in bronze, and --layer ${layer} begins after that`, '--layer', 'Leave one of them out.');
    if (platform !== undefined) throw usage('--platform is for silver: raw history lands whole', '--platform', 'Leave it out, or take the dates alone.');
    const uri = parseSourceUri(from);
    if (uri.kind === 'kafka') throw usage('a topic is no raw history: bronze knows which of its offsets it has', '--from', 'Take `ingot run` for a topic: it lands what is not there yet.');
    if (uri.kind === 'sql') throw usage('a database is no raw history: its rows are as they are now', '--from', 'Take `ingot run` for a database, with --full for all of its rows.');
    if (uri.kind === 'sqs' || (uri.kind === 'files' && uri.pattern === '-')) throw usage(`--from ${from} can't be read twice`, '--from', 'Raw history is a file, a folder, a glob or s3://bucket/prefix; take `ingot run` for anything else.');
    return { layer: 'bronze', ...dates, platform: null, from };
  }
  if (layer === 'bronze') throw usage('--layer bronze needs --from: bronze is built from nothing else', '--layer', 'Say where the raw history is: --from FOLDER.');
  if (since === undefined) throw usage('--since and --until are missing', '--since', 'Say which event dates are to be rebuilt, or give raw history with --from.');
  if (platform !== undefined && dataset.platform?.values.includes(platform) !== true) throw usage(`--platform ${platform} is none of ${dataset.platform?.values.join(', ') ?? 'the dataset, which has none'}`, '--platform', 'Write it as the contract does.');
  if (layer === 'gold' && platform !== undefined) throw usage('--platform is for silver: gold is built by date', '--platform', 'Leave it out, or begin with --layer silver.');
  return { layer: layer ?? 'silver', ...dates, platform: platform ?? null, from: null };
}

function usage(message: string, path: string, hint: string): LakeError {
  return new LakeError(message, { code: 'USAGE', op: 'options', path, hint });
}
