/**
 * What commands ask of the rest of the program. The composition root implements it over the real machine, tests over plain
 * objects. Methods return plain data (rendered as text or JSON) and throw `SlotwrightError`s for refusals and faults;
 * how an operation ended is a value, never an exception.
 */
import type { InstallRequest } from '../config/install-request.ts';
import type { ConfigReader } from '../config/reader.ts';
import type {
  ImageDefaults,
  ImageRequest,
  PowerAction,
  ResetRequest,
  UpgradeRequest,
} from '../config/upgrade-request.ts';
import type { AssessWish } from '../engine/assess.ts';
import type { Observer } from '../engine/runner.ts';
import type { HookEvent, ImageSource } from '../system/port.ts';
import type { ReadSegment } from '../inspect/history-rows.ts';
import type { Finding } from '../inspect/diagnosis.ts';
import type { LogReading } from '../inspect/log-reading.ts';
import type { MachineChart } from '../inspect/machine-chart.ts';
import type { StatusReport } from '../inspect/status-report.ts';
import type { Why } from '../inspect/why.ts';
import type { Discretion } from '../inspect/redact.ts';
import type { EventRecord } from '../../state/records.ts';
import type { PlanReport } from '../inspect/plan-report.ts';
import type { BuiltDisk } from './commands/build-disk.ts';
import type { PreparedImage } from './commands/init.ts';
import type { BuiltIsoView } from './commands/build-iso.ts';
import type { ProofReportView } from './commands/prove.ts';
import type { OperationName, Point } from '../proof/prove/points.ts';
import type { PulledImageView } from './commands/pull-image.ts';
import type { LintReport } from './commands/lint.ts';
import type { StageAnalysis } from './commands/run-stage.ts';
import type { OperationOutcome, StageOutcome } from './outcome.ts';

/** What the caller sees of a run, and how it stops one. The abort reason says why: it is what the log records. */
export interface OperationHooks extends Required<Observer> {
  readonly signal: AbortSignal;
  /** One line about what happens beside the steps: "continuing upgrade V1St… at deploy-image". */
  readonly note: (text: string) => void;
}

export interface ResumeRequest {
  /** `early` and `network`: started by the boot units; after the switch only, or everything (architecture section 6). */
  readonly when: 'now' | 'early' | 'network';
  /** Tries a step once more that was given up. */
  readonly force: boolean;
}

export interface StageCommand {
  readonly stage: string;
  /** Files, directories, URLs, `-` for standard input; absent: the default paths and `extraPaths`. */
  readonly sources?: readonly string[];
  readonly extraPaths: readonly string[];
  /** Sources are `key=value` texts instead of YAML. */
  readonly dotNotation: boolean;
}

export interface StageHooks {
  readonly signal: AbortSignal;
  readonly output: (text: string) => void;
  readonly note: (text: string) => void;
  /** What hooks did, where hooks are run. */
  readonly event?: (event: HookEvent) => void;
}

/** What a sandbox is made of; without anything: a Debian system, a newer one, and the field manual's hook. */
export interface SandboxRecipe {
  /** Installed system: `debian`, `tiny`, or a root tree. */
  readonly system?: string;
  /** Upgrade source: a root tree or an image file. */
  readonly next?: string;
  /** Hook files, or directories of them, copied to /oem. */
  readonly oem?: readonly string[];
  /** Directory that COS_PERSISTENT is filled with. */
  readonly persistent?: string;
}

/** A throw-away device in files, for trying things without a machine. */
export interface SandboxServices {
  create(
    directory: string,
    recipe: SandboxRecipe,
    hooks: StageHooks,
  ): Promise<{ readonly created: readonly string[] }>;
  /** Interactive; returns the exit code of the shell. */
  shell(directory: string): Promise<number>;
  run(directory: string, command: readonly string[]): Promise<number>;
  destroy(directory: string): Promise<void>;
  /** A narrated upgrade that loses power; returns an exit code. */
  demo(directory: string, hooks: StageHooks): Promise<number>;
}

/** A disk to build; see `src/media/disk-plan.ts`. */
export interface DiskRequest {
  readonly root: string;
  readonly type: 'raw' | 'azure' | 'gce' | 'qcow2';
  readonly output: string;
  readonly oem: readonly string[];
  readonly persistent?: string;
  readonly labels: Partial<Record<'oem' | 'recovery', string>>;
  /** MiB. */
  readonly mebibytes: Partial<Record<DiskPart, number>>;
  readonly extent: 'whole' | 'expandable';
  /** For a shell. */
  readonly deployCommand?: string;
  readonly strict: boolean;
}

export type DiskPart = 'efi' | 'oem' | 'recovery' | 'state' | 'persistent' | 'image';

/** A medium to build; see `src/media/iso-recipe.ts`. */
export interface IsoRequest {
  readonly rootfs: readonly string[];
  readonly overlays: Readonly<Record<'uefi' | 'iso', readonly string[]>>;
  readonly output: string;
  readonly label: string;
  readonly menuTitle: string;
  readonly efiLoader: 'tree' | 'ours';
  readonly squashOptions: readonly string[];
}

/** A root tree that is to boot as an image. */
export interface PrepareRequest {
  readonly root: string;
  /** Replaces what is not ours, and prepares a running system. */
  readonly force: boolean;
  /** Makes the initramfs, too. */
  readonly initrd: boolean;
}

/** A proof; see `src/proof/prove/prove.ts`. */
export interface ProofWish {
  readonly image?: ImageSource;
  /** Hook files, or directories of them. */
  readonly hooks: readonly string[];
  readonly persistent?: string;
  readonly operations: readonly OperationName[];
  readonly budgetSeconds: number;
  readonly seed: number;
  readonly point?: Point;
}

/** A history to be sent away; see `state/bundle.ts`. */
export interface BundleWish extends Discretion {
  readonly segments: readonly ReadSegment[];
  /** RFC 3339. */
  readonly madeAt: string;
}

export interface MediaHooks {
  readonly signal: AbortSignal;
  readonly note: (text: string) => void;
}

export interface ServedPage {
  readonly type: 'text/html' | 'application/json';
  readonly text: string;
}

/** What becomes of pages. */
export interface PageServices {
  /** Replaces a plain file, for its owner only. */
  write(path: string, text: string): Promise<void>;
  /** Answers on this machine only, until the signal. */
  serve(
    server: {
      readonly port?: number;
      readonly answer: (place: string, base: string) => Promise<ServedPage | undefined>;
    },
    hooks: { readonly signal: AbortSignal; readonly listening: (url: string) => void },
  ): Promise<void>;
}

/** Makes what machines are installed from. */
export interface MediaServices {
  buildDisk(request: DiskRequest, hooks: MediaHooks): Promise<BuiltDisk>;
  buildIso(request: IsoRequest, hooks: MediaHooks): Promise<BuiltIsoView>;
  pullImage(
    request: { readonly source: ImageSource; readonly destination: string },
    hooks: MediaHooks,
  ): Promise<PulledImageView>;
  prepareImage(request: PrepareRequest, hooks: MediaHooks): Promise<PreparedImage>;
}

/** Looks at hook files without running anything. */
export interface HookFileServices {
  /** What `runStage` would do. */
  analyze(command: StageCommand): Promise<StageAnalysis>;
  /** Checks sources, as those of `cloudInit`. */
  lint(sources: readonly string[]): Promise<LintReport>;
  /** JSON Schema for editors. */
  schema(form: 'cloud-init' | 'cloud-config'): Promise<Readonly<Record<string, unknown>>>;
}

/** Those of the services that carry an operation out, on this machine or on one that is imagined. */
export type Operations = Pick<
  Services,
  'upgrade' | 'reset' | 'install' | 'deploy' | 'resume' | 'abort' | 'rollback' | 'assessBoot'
>;

export interface Services {
  readonly configFiles: ConfigReader;
  /** From the `state.yaml` of the booted system; an unreadable one is `{}`. */
  imageDefaults(): Promise<ImageDefaults>;
  upgrade(request: UpgradeRequest, hooks: OperationHooks): Promise<OperationOutcome>;
  reset(request: ResetRequest, hooks: OperationHooks): Promise<OperationOutcome>;
  install(request: InstallRequest, hooks: OperationHooks): Promise<OperationOutcome>;
  deploy(request: ImageRequest, hooks: OperationHooks): Promise<OperationOutcome>;
  resume(request: ResumeRequest, hooks: OperationHooks): Promise<OperationOutcome>;
  abort(hooks: OperationHooks): Promise<OperationOutcome>;
  rollback(request: { readonly force: boolean }, hooks: OperationHooks): Promise<OperationOutcome>;
  assessBoot(request: AssessWish, hooks: OperationHooks): Promise<OperationOutcome>;
  /** What an operation would do: it is given services that change nothing. `name` is what it is called where it is refused. */
  plan(
    name: string,
    work: (imagined: Operations, hooks: OperationHooks) => Promise<OperationOutcome>,
    hooks: Pick<OperationHooks, 'signal' | 'note'>,
  ): Promise<PlanReport>;
  status(): Promise<StatusReport>;
  /** `content`: images are read whole. */
  diagnose(depth: 'names' | 'content', signal: AbortSignal): Promise<readonly Finding[]>;
  /** Repairs what is ours; answers with what was done. */
  treat(): Promise<readonly string[]>;
  why(): Promise<Why>;
  /** The log of this machine, or of a path. */
  log(from?: string): Promise<LogReading>;
  /** Every record after this one as it comes, until the signal. */
  follow(from: string | undefined, after: number, signal: AbortSignal): AsyncIterable<EventRecord>;
  /** A name that is taken is refused. */
  saveBundle(file: string, wish: BundleWish): Promise<void>;
  runStage(command: StageCommand, hooks: StageHooks): Promise<StageOutcome>;
  cloudInit(command: StageCommand, hooks: StageHooks): Promise<StageOutcome>;
  operations(): Promise<readonly { readonly name: string; readonly title: string }[]>;
  machine(operation: string): Promise<MachineChart>;
  /** Called after the outcome was shown. */
  power(action: PowerAction): Promise<void>;
  readonly pages: PageServices;
  readonly hookFiles: HookFileServices;
  readonly sandbox: SandboxServices;
  prove(request: ProofWish, hooks: MediaHooks): Promise<ProofReportView>;
  readonly media: MediaServices;
}
