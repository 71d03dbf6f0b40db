import { compare } from '../arithmetic.js';
import { coerce } from '../convert.js';
import { unified } from '../unified.js';
import { boolean, isFloating, unknown } from '../types.js';
import { argument, count, type Make } from './signature.js';

const own: Readonly<Record<string, Make>> = {
  if: (bound) => {
    count(bound, 2, 3);
    const { at } = bound.call;
    const [then, otherwise] = unified(at, [argument(bound, 1), bound.args.length === 3 ? argument(bound, 2) : { sql: 'NULL', type: unknown }]);
    return { sql: `CASE WHEN ${coerce(at, argument(bound, 0), boolean).sql} THEN ${then!.sql} ELSE ${otherwise!.sql} END`, type: then!.type, ...(isFloating(then!.type) ? { isNumber: then!.isNumber === true && (bound.args.length === 2 || otherwise!.isNumber === true) } : {}) };
  },
  coalesce: (bound) => {
    const items = unified(bound.call.at, bound.args.map((_arg, index) => argument(bound, index)));
    return { sql: `coalesce(${items.map(({ sql }) => sql).join(', ')})`, type: items[0]!.type, isNumber: items.every((each) => each.isNumber === true) };
  },
  nullif: (bound) => {
    count(bound, 2);
    const of = argument(bound, 0);
    return { sql: `CASE WHEN ${compare(bound.call.at, '=', of, argument(bound, 1)).sql} THEN NULL ELSE ${of.sql} END`, type: of.type, ...(of.isNumber === undefined ? {} : { isNumber: of.isNumber }) };
  },
};

export const conditionalFunctions: ReadonlyMap<string, Make> = new Map(Object.entries(own));
