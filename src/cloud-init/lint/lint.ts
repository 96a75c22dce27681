import { readCloudConfig, readConfig } from '../cloud-config.ts';
import type { CodedProblem, Reading } from '../decode/reading.ts';
import type { Shape } from '../decode/shape.ts';
import type { ListedStage } from '../document.ts';
import { listedStages, readName, readTree, topMapping, warnOfUnknownKeys } from '../document.ts';
import type { OrderProblem, PlacedStep } from '../graph.ts';
import { layersOf } from '../graph.ts';
import type { SourceText } from '../sources.ts';
import { readStep } from '../step.ts';
import type { MappingNode, YamlNode } from '../yaml/node.ts';
import type { Finding, PlacedFinding, Severity } from './finding.ts';
import { stageFindings } from './stage-rules.ts';
import { textFindings } from './text-rules.ts';
import { valueFindings } from './value-rules.ts';
import { visit } from './visit.ts';

/** Checks hook files before a machine runs them; names in `after` may be of any of the texts. In the order of the texts, then of their lines. */
export function lintTexts(texts: readonly SourceText[]): readonly PlacedFinding[] {
  const files = texts.map((text) => lintText(text));
  const ordering = orderFindings(files.flatMap(({ steps }) => steps));
  return files.flatMap(({ file, findings }) =>
    [...findings.map((finding) => ({ file, ...finding })), ...ordering]
      .filter((finding) => finding.file === file)
      .sort(byPlace),
  );
}

interface LintedText {
  readonly file: string;
  readonly findings: readonly Finding[];
  readonly steps: readonly (PlacedStep & {
    readonly stage: string;
    /** Whether all of its stage could be read. */
    readonly isSound: boolean;
  })[];
}

function lintText(source: SourceText): LintedText {
  const file = source.name;
  if ('error' in source) {
    const finding: Finding = { severity: 'error', code: 'unreadable', message: source.error };
    return { file, findings: [finding], steps: [] };
  }
  const { root, form, reading, second } = readTree(source.text, 'yaml');
  const mapping = topMapping(root, reading);
  const more: Finding[] = [];
  if (second !== undefined) {
    const message = 'a second document begins here: it is not read';
    more.push({ severity: 'warning', code: 'second-document', message, at: second });
  }
  if (mapping === undefined) {
    return { file, findings: [...told(reading), ...more], steps: [] };
  }
  const name = form === 'stages' ? readName(mapping, reading) : undefined;
  const stages = listedStages(mapping, reading);
  if (form === 'stages') {
    warnOfUnknownKeys(mapping, reading);
  } else {
    more.push(...cloudConfigFindings(mapping, reading));
  }
  for (const listed of stages) {
    more.push(...told(listed.reading), ...stageFindings(listed));
  }
  more.push(...stepFindings(mapping));
  const steps = stages.flatMap((listed) => placed(listed, { file, group: name ? name : file }));
  return { file, findings: [...told(reading), ...more], steps };
}

function placed(
  { stage, steps, reading }: ListedStage,
  { file, group }: { readonly file: string; readonly group: string },
): LintedText['steps'] {
  const isSound = reading.errors.length === 0;
  return steps.map((step, index) => ({ source: file, group, index, step, stage, isSound }));
}

function cloudConfigFindings(root: MappingNode, reading: Reading): readonly Finding[] {
  readCloudConfig(root, 'boot', reading);
  return shapeFindings(root, readConfig.shape, 'cloud-config');
}

function stepFindings(root: MappingNode): readonly Finding[] {
  const stages = root.entries.find(({ key }) => key === 'stages')?.value;
  const shape: Shape = { kind: 'entries', value: { kind: 'list', item: readStep.shape } };
  return stages === undefined ? [] : shapeFindings(stages, shape, 'stages');
}

function shapeFindings(node: YamlNode, shape: Shape, what: string): readonly Finding[] {
  const findings: Finding[] = [];
  visit({ node, shape, what }, (visited) => {
    findings.push(...valueFindings(visited), ...textFindings(visited));
  });
  return findings;
}

/** Names in `after` are looked up in all texts; one of a file that is not here cannot be judged. */
function orderFindings(steps: LintedText['steps']): readonly PlacedFinding[] {
  const groups = new Set(steps.map(({ group }) => group));
  const isHere = ({ wish }: OrderProblem) =>
    !wish.includes('.') || [...groups].some((group) => wish.startsWith(`${group}.`));
  // A wish that could not be read has no name.
  const isNews = ({ wish, source }: OrderProblem) =>
    wish !== '' || steps.every((step) => step.source !== source || step.isSound);
  return [...new Set(steps.map(({ stage }) => stage))].flatMap((stage) =>
    layersOf(steps.filter((step) => step.stage === stage))
      .problems.filter(isNews)
      .map((problem) => ({
        file: problem.source,
        ...finding(problem, problem.code === 'cycle' || isHere(problem) ? 'error' : 'warning'),
      })),
  );
}

function told({ errors, warnings }: Reading): readonly Finding[] {
  return [
    ...errors.map((problem) => finding(problem, 'error')),
    ...warnings.map((problem) => finding(problem, 'warning')),
  ];
}

function finding({ code, message, expected, at }: CodedProblem, severity: Severity): Finding {
  return {
    severity,
    code,
    message,
    ...(expected === undefined ? {} : { expected }),
    ...(at === undefined ? {} : { at }),
  };
}

function byPlace(left: Finding, right: Finding): number {
  return (
    (left.at?.line ?? 0) - (right.at?.line ?? 0) || (left.at?.column ?? 0) - (right.at?.column ?? 0)
  );
}
