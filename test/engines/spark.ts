import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { required, type Row } from './judges.js';

/** A Spark of its own with Delta's library; it answers one statement after the other. */
export class Spark {
  private readonly answers: AsyncIterator<string>;
  private readonly errors: string[] = [];

  private constructor(private readonly child: ChildProcess) {
    if (child.stdout === null || child.stderr === null) throw new Error('Spark has no output');
    this.answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    child.stderr.setEncoding('utf8').on('data', (text: string) => this.errors.push(text));
  }

  /** @throws Error with Spark's own output when it doesn't start */
  static async start(): Promise<Spark> {
    const judge = fileURLToPath(new URL('./spark_judge.py', import.meta.url));
    const env = { ...process.env, INGOT_SPARK_JARS: required('INGOT_SPARK_JARS'), SPARK_LOCAL_IP: '127.0.0.1' };
    const spark = new Spark(spawn(required('INGOT_SPARK_PYTHON'), [judge], { env, stdio: ['pipe', 'pipe', 'pipe'] }));
    await spark.sql('SELECT 1');
    return spark;
  }

  /** @throws Error with Spark's message */
  async sql(statement: string): Promise<Row[]> {
    this.child.stdin?.write(`${JSON.stringify({ sql: statement })}\n`);
    const next: IteratorResult<string, unknown> = await this.answers.next();
    if (next.done === true) throw new Error(`Spark has ended:\n${this.errors.slice(-50).join('')}`);
    const answer = JSON.parse(next.value) as { readonly rows?: Row[]; readonly error?: string };
    if (answer.rows === undefined) throw new Error(`${statement}: ${answer.error ?? ''}`);
    return answer.rows;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null) return;
    const exit = once(this.child, 'exit');
    this.child.stdin?.end();
    await exit;
  }
}
