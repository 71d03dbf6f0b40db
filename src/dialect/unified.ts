import { coerce } from './convert.js';
import { invalid } from './errors.js';
import type { Typed } from './scope.js';
import { commonType, show, unknown, type Type } from './types.js';

/** Values as one type. @throws DialectError when they have none in common */
export function unified(at: number, values: readonly Typed[]): Typed[] {
  const type = values.reduce<Type>((common, each) => {
    const next = commonType(common, each.type);
    if (next === null) throw invalid(at, `${show(common)} and ${show(each.type)} have no type in common`, 'Cast one of them to the type of the other.');
    return next;
  }, unknown);
  return values.map((each) => coerce(at, each, type));
}
