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
import type { HistoryRow } from '../inspect/history-row.ts';
import type { MachineChart } from '../inspect/machine-chart.ts';
import type { StatusReport } from '../inspect/status-report.ts';
import type { Why } from '../inspect/why.ts';
import type { Timeline } from '../inspect/operation-timeline.ts';
import type { BuiltDisk } from './commands/build-disk.ts';
import type { PreparedImage } from './commands/init.ts';
import type { BuiltIsoView } from './commands/build-iso.ts';
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
  readonly type: 'raw' | 'azure' | 'gce';
  readonly output: string;
  readonly oem: readonly string[];
  readonly persistent?: string;
  readonly labels: Partial<Record<'oem' | 'recovery', string>>;
  /** MiB. */
  readonly mebibytes: Partial<Record<DiskPart, number>>;
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

export interface MediaHooks {
  readonly signal: AbortSignal;
  readonly note: (text: string) => void;
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
  status(): Promise<StatusReport>;
  why(): Promise<Why>;
  /** Oldest first. */
  history(): Promise<readonly HistoryRow[]>;
  /** An id, the unambiguous beginning of one, a number, or `last`. */
  historyOf(id: string): Promise<Timeline>;
  runStage(command: StageCommand, hooks: StageHooks): Promise<StageOutcome>;
  cloudInit(command: StageCommand, hooks: StageHooks): Promise<StageOutcome>;
  operations(): Promise<readonly { readonly name: string; readonly title: string }[]>;
  machine(operation: string): Promise<MachineChart>;
  /** Called after the outcome was shown. */
  power(action: PowerAction): Promise<void>;
  readonly hookFiles: HookFileServices;
  readonly sandbox: SandboxServices;
  readonly media: MediaServices;
}
