/** Values by name within so many bytes: what was asked for longest ago goes first. */
export class Lru<T> {
  private readonly values = new Map<string, { readonly value: T; readonly bytes: number }>();
  bytes = 0;
  hits = 0;
  misses = 0;

  constructor(readonly mostBytes: number) {}

  get size(): number {
    return this.values.size;
  }

  get(name: string): T | undefined {
    const known = this.values.get(name);
    if (known === undefined) {
      this.misses++;
      return undefined;
    }
    this.hits++;
    this.values.delete(name);
    this.values.set(name, known);
    return known.value;
  }

  /** One that is too large for all of it is not kept. */
  set(name: string, value: T, bytes: number): void {
    this.delete(name);
    if (bytes > this.mostBytes) return;
    this.values.set(name, { value, bytes });
    this.bytes += bytes;
    for (const oldest of this.values.keys()) {
      if (this.bytes <= this.mostBytes) return;
      this.delete(oldest);
    }
  }

  private delete(name: string): void {
    const known = this.values.get(name);
    if (known === undefined) return;
    this.values.delete(name);
    this.bytes -= known.bytes;
  }
}
