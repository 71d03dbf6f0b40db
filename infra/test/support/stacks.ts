import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { build } from '../../src/build.js';
import { defaultContext } from '../../src/context.js';

export interface Resource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
  readonly DeletionPolicy?: string;
}

/** Both stacks' templates, and their resources by type. */
export class Stacks {
  constructor(readonly data: Template, readonly work: Template) {}

  /** @param settings `{ dataset: 'music' }`: what `-c ingot:dataset=music` would say */
  static async synth(settings: Readonly<Record<string, string>> = {}): Promise<Stacks> {
    const outdir = mkdtempSync(join(tmpdir(), 'ingot-synth-'));
    try {
      const context = { ...defaultContext(), ...Object.fromEntries(Object.entries(settings).map(([name, value]) => [`ingot:${name}`, value])) };
      const { data, work } = await build(new App({ context, outdir, analyticsReporting: false }));
      return new Stacks(Template.fromStack(data), Template.fromStack(work));
    } finally {
      rmSync(outdir, { recursive: true });
    }
  }

  /** All resources of a type in both stacks, by logical id. */
  all(type: string): [string, Resource][] {
    return [this.data, this.work].flatMap((template) => Object.entries(template.findResources(type) as Record<string, Resource>));
  }

  /** A value of a template as text: what other resources give is named as `<LogicalId.Attribute>`. */
  text(value: unknown): string {
    if (typeof value === 'string') return value;
    if (Array.isArray(value)) return value.map((each) => this.text(each)).join('');
    const [[kind, of] = ['', null]] = Object.entries(value as Record<string, unknown>);
    if (kind === 'Fn::Join') return this.text((of as [string, unknown[]])[1]);
    if (kind === 'Fn::GetAtt') return `<${(of as string[]).join('.')}>`;
    if (kind === 'Fn::ImportValue') return this.text(this.exported(this.text(of)));
    if (kind === 'Ref') return `<${this.text(of)}>`;
    if (kind === 'Fn::Select' || kind === 'Fn::Split') return `<${kind}>`;
    throw new Error(`a value of the template can't be read: ${JSON.stringify(value)}`);
  }

  private exported(name: string): unknown {
    const outputs = Object.values(this.data.findOutputs('*') as Record<string, { readonly Value: unknown; readonly Export?: { readonly Name: unknown } }>);
    return outputs.find((output) => output.Export !== undefined && this.text(output.Export.Name) === name)?.Value;
  }
}
