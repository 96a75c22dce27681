/** A call of a package manager that would wait for a person. */
export interface AsksBack {
  /** Program and verb. */
  readonly command: string;
  readonly expected: string;
}

interface Manager {
  readonly verbs: RegExp;
  /** A word that makes it answer for itself. */
  readonly quiet: RegExp;
  readonly flag: string;
}

const aptVerbs = /^(?:(?:re)?install|remove|purge|(?:full-|dist-)?upgrade|autoremove|build-dep)$/;
const dnfVerbs =
  /^(?:(?:re|local|group)?install|remove|erase|upgrade|update|downgrade|distro-sync|autoremove|swap)$/;
const apt: Manager = {
  verbs: aptVerbs,
  quiet: /^(?:-[a-zA-Z]*y[a-zA-Z]*|--yes|--assume-yes)$/,
  flag: '-y',
};
const dnf: Manager = {
  verbs: dnfVerbs,
  quiet: /^(?:-[a-zA-Z]*y[a-zA-Z]*|--assumeyes)$/,
  flag: '-y',
};

const managers: Readonly<Record<string, Manager>> = {
  zypper: {
    verbs:
      /^(?:in|install|rm|remove|up|update|dup|dist-upgrade|patch|si|source-install|inr|ve|verify)$/,
    quiet: /^(?:-n|--non-interactive|-y|--no-confirm|--non-interactive-include-reboot-patches)$/,
    flag: '--non-interactive',
  },
  apt,
  'apt-get': apt,
  aptitude: apt,
  dnf,
  yum: dnf,
  microdnf: dnf,
  tdnf: dnf,
  pacman: {
    verbs: /^-(?:S(?![a-z]*[silgp])|R|U)[a-z]*$/,
    quiet: /^--noconfirm$/,
    flag: '--noconfirm',
  },
  flatpak: {
    verbs: /^(?:install|uninstall|remove|update)$/,
    quiet: /^(?:-y|--assumeyes|--noninteractive)$/,
    flag: '--noninteractive',
  },
  'transactional-update': {
    verbs: /^(?:pkg|dup|up|patch|shell)$/,
    quiet: /^(?:-n|--non-interactive)$/,
    flag: '--non-interactive',
  },
};

/** Words that may stand before the program of a simple command. */
const before =
  /^(?:if|elif|while|until|then|else|do|!|time|exec|command|sudo|env|nohup|\{|[A-Za-z_]\w*=.*)$/;

/**
 * Calls of package managers in a shell text that ask before they act. The text is not parsed as a shell would: what is
 * not plain to see is passed over.
 */
export function asksBack(shell: string): readonly AsksBack[] {
  const found: AsksBack[] = [];
  let previous = '';
  const pieces = shell
    .replace(/\\\n/g, ' ')
    .replace(/(^|\s)#[^\n]*/g, '$1')
    .split(/(\n|;|&&|\|\||\||&|\(|\))/);
  for (let at = 0; at < pieces.length; at += 2) {
    const words = wordsOf(pieces[at] ?? '');
    const [program = '', ...rest] = words;
    const isAnswered = pieces[at - 1] === '|' && previous === 'yes';
    previous = program;
    const name = program.slice(program.lastIndexOf('/') + 1);
    const manager = Object.hasOwn(managers, name) ? managers[name] : undefined;
    const verb = manager === undefined ? undefined : rest.find((word) => manager.verbs.test(word));
    if (manager === undefined || verb === undefined || isAnswered) {
      continue;
    }
    if (!rest.some((word) => manager.quiet.test(word) || /Assume-Yes=(?:true|1)/i.test(word))) {
      found.push({ command: `${name} ${verb}`, expected: `${name} ${manager.flag} ${verb}` });
    }
  }
  return found;
}

function wordsOf(piece: string): readonly string[] {
  const words = piece.split(/\s+/).filter((word) => word !== '');
  const first = words.findIndex((word) => !before.test(word));
  return first === -1 ? [] : words.slice(first);
}
