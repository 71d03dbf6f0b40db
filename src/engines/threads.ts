import type { Session } from '../lake/duckdb.js';

/** Makes a session work with fewer threads where memory is short: each thread that reads JSON or joins holds memory that can't be spilled. */
export class FewerThreads {
  /** Null: as they were. */
  private now: number | null = null;
  private before = 1;

  constructor(private readonly session: Session) {}

  /** Halves them, until they are given back. False: there is one alone. */
  async halve(): Promise<boolean> {
    if (this.now === null) {
      const [row] = await this.session.rows("SELECT current_setting('threads') AS threads");
      this.before = Number(row?.['threads'] ?? 1);
    }
    const threads = this.now ?? this.before;
    if (threads <= 1) return false;
    this.now = Math.floor(threads / 2);
    await this.session.run(`SET threads = ${this.now}`);
    return true;
  }

  /** Gives the session as many as it had. */
  async restore(): Promise<void> {
    if (this.now === null) return;
    this.now = null;
    await this.session.run(`SET threads = ${this.before}`);
  }
}
