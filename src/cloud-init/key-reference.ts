import { readConfig } from './cloud-config.ts';
import type { ObjectShape, Shape, TextContent } from './decode/shape.ts';
import { readStep } from './step.ts';

/** The tables of keys in `docs/cloud-init.md`, from the declaration that reads the documents. */
export function keyReference(): string {
  return [
    ...tables('### Keys of a step', readStep.shape),
    ...tables('### Keys of a `#cloud-config` file', readConfig.shape),
  ].join('\n\n');
}

function tables(title: string, shape: Shape): readonly string[] {
  const top = objectIn(shape);
  return top === undefined ? [] : [title, table(top), ...nested(top, '')];
}

/** A table for each key that holds a mapping with keys of its own. */
function nested({ fields }: ObjectShape, path: string): readonly string[] {
  return Object.entries(fields).flatMap(([key, field]) => {
    const inner = objectIn(field);
    const name = `${path}${key}${isMany(field) ? '[]' : ''}`;
    return inner === undefined
      ? []
      : [`#### \`${name}\``, table(inner), ...nested(inner, `${name}.`)];
  });
}

function table({ fields, needs }: ObjectShape): string {
  const rows = Object.entries(fields).map(([key, field]) => {
    const since =
      field.since === undefined
        ? ''
        : field.since === 'only here'
          ? ' (not in the reference)'
          : ` (yip ${field.since})`;
    const needed = needs.includes(key) ? ' **needed**;' : '';
    return `| \`${key}\` | ${typeOf(field)} |${needed} ${field.says ?? ''}${since} |`;
  });
  return ['| key | type | meaning |', '| --- | --- | --- |', ...rows].join('\n');
}

function objectIn(shape: Shape): ObjectShape | undefined {
  switch (shape.kind) {
    case 'object':
      return shape;
    case 'list':
      return objectIn(shape.item);
    case 'entries':
      return objectIn(shape.value);
    case 'either':
      return shape.of.map(objectIn).find((inner) => inner !== undefined);
    case 'text':
    case 'word':
    case 'integer':
    case 'signed':
    case 'mode':
    case 'octal-mode':
    case 'flag':
    case 'anything':
      return undefined;
  }
}

function isMany({ kind }: Shape): boolean {
  return kind === 'list' || kind === 'entries';
}

function typeOf(shape: Shape): string {
  switch (shape.kind) {
    case 'text':
      return textType(shape.holds);
    case 'word':
      return `\`${shape.word}\``;
    case 'integer':
    case 'signed':
      return 'number';
    case 'mode':
      return 'mode';
    case 'octal-mode':
      return 'octal text';
    case 'flag':
      return 'true or false';
    case 'anything':
      return 'anything';
    case 'list':
      return `list: ${typeOf(shape.item)}`;
    case 'entries':
      return `mapping: ${typeOf(shape.value)}`;
    case 'object':
      return 'mapping';
    case 'either':
      return shape.of.map(typeOf).join(' or ');
  }
}

function textType(holds: TextContent | undefined): string {
  switch (holds?.what) {
    case 'template':
    case 'content':
    case 'host-name':
    case 'entity':
      return 'text, template';
    case 'command':
      return 'shell text, template';
    case 'path':
      return 'absolute path';
    case 'address':
      return 'address';
    case 'expression':
      return 'regular expression';
    case 'unit':
      return 'unit';
    case 'choice':
    case 'password':
    case 'step':
    case undefined:
      return 'text';
  }
}
