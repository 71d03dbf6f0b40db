import { pointerOf, type Dataset } from '../dataset.js';
import { LakeError } from '../errors.js';
import { escapedPattern, personKeys } from '../bronze/forgotten.js';
import { textList, type Parameters } from '../lake/duckdb.js';

/** No text matches it. */
const never = '[^\\s\\S]';

/**
 * The parameters by which SQL finds a person.
 * @throws LakeError DATASET_INVALID when the contract doesn't say what names a person
 */
export function personParameters(dataset: Dataset, person: string): Parameters {
  const keys = personKeys(dataset);
  if (keys.length === 0) {
    throw new LakeError(`the contract of ${dataset.name} does not say which column names a person`, { code: 'DATASET_INVALID', op: 'forget', path: dataset.name, hint: 'Add `person: \'user_id\'` to its dataset.ts: a text column of the event.' });
  }
  const inJson = JSON.stringify(person).slice(1, -1);
  const word = [...new Set([person, inJson])].map(escapedPattern).join('|');
  return {
    person,
    person_json: inJson,
    person_bytes: blobText(person),
    person_paths: textList(keys.map(pointerOf)),
    mention: `(^|[^0-9A-Za-z_])(?:${word})($|[^0-9A-Za-z_])`,
    bare: /^-?\d+(\.\d+)?$/.test(person) ? `([:\\[,]\\s*)(?:${word})(\\s*[,}\\]])` : never,
  };
}

/** A text's bytes as DuckDB writes a BLOB: printable ASCII as it is, the rest as `\xNN`. */
function blobText(text: string): string {
  return Array.from(Buffer.from(text), (byte) => {
    const printable = byte >= 32 && byte < 127 && !['\\', '\'', '"'].includes(String.fromCharCode(byte));
    return printable ? String.fromCharCode(byte) : `\\x${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }).join('');
}
