/** What a bound value of a SELECT on Trino can be. */
export type TrinoValue = string | number | readonly string[];

/** The values of a contract, by the name that the SQL text uses for them. */
export class TrinoValues {
  readonly parameters: Record<string, TrinoValue> = {};

  /** Binds a value and gives `$name`, with a number behind it where the name has another value already. */
  add(name: string, value: TrinoValue): string {
    const same = (other: TrinoValue | undefined): boolean => other === undefined || JSON.stringify(other) === JSON.stringify(value);
    let own = name;
    for (let times = 2; !same(this.parameters[own]); times++) own = `${name}_${times}`;
    this.parameters[own] = value;
    return `$${own}`;
  }
}

/** A name that a parameter can have, from a column's. */
export function plainName(name: string): string {
  return name.replace(/\W/g, '_');
}

/** SQL of one value that a lambda can use more than once, as it is computed once. */
export function withValue(value: string, name: string, use: string): string {
  return `element_at(transform(ARRAY[${value}], ${name} -> ${use}), 1)`;
}

/** SQL of texts one after the other, of any length and without those that are null: `||` and concat refuse more than a MB. */
export function joined(...pieces: readonly string[]): string {
  const most = 100;
  if (pieces.length <= most) return `array_join(ARRAY[${pieces.join(', ')}], '')`;
  return joined(...Array.from({ length: Math.ceil(pieces.length / most) }, (_part, index) => joined(...pieces.slice(index * most, (index + 1) * most))));
}
