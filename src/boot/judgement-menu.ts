/**
 * The part of a boot menu that counts. It is read while the menu is built, after everything that may choose the default entry: at the end of
 * our own `grub.cfg`, or through `/grubcustom` by a menu that came with an image. GRUB has no arithmetic, so the numbers are spelled out.
 */
export const JUDGEMENT_MENU = `# slotwright: begin of the part that judges boots
if [ -z "\${judge_done}" -a -z "\${selected_entry}" -a -s "(\${root})/grub_judgement_env" ]; then
  set judge_done=yes
  set judge_seen=
  set judge_automatic=
  if [ -z "\${default}" -o "\${default}" = "0" -o "\${default}" = "cos" -o "\${default}" = "\${default_menu_entry}" ]; then
    set judge_automatic=yes
  fi
  load_env --file "(\${root})/grub_judgement_env" judge_image judge_tries judge_condemned
  if [ -n "\${judge_automatic}" -a -n "\${judge_image}\${judge_condemned}" -a -s "(\${root})/cOS/active.img" ]; then
    # Which image is meant is told by the UUID of the file system in it: another one under this name is not judged.
    if loopback judged "(\${root})/cOS/active.img"; then
      if [ -n "\${judge_condemned}" ]; then
        if search --no-floppy --fs-uuid --set=judge_seen --hint=judged "\${judge_condemned}"; then
          if [ "\${judge_seen}" = "judged" ]; then
            set judge_verdict="condemned slotwright.judged=\${judge_condemned}"
          fi
        fi
      fi
      if [ -n "\${judge_image}" ]; then
        if search --no-floppy --fs-uuid --set=judge_seen --hint=judged "\${judge_image}"; then
          if [ "\${judge_seen}" = "judged" ]; then
            if [ "\${judge_tries}" = "0" ]; then
              set judge_verdict="tries slotwright.judged=\${judge_image}"
            else
              set judge_left=
              if [ "\${judge_tries}" = "9" ]; then set judge_left=8; fi
              if [ "\${judge_tries}" = "8" ]; then set judge_left=7; fi
              if [ "\${judge_tries}" = "7" ]; then set judge_left=6; fi
              if [ "\${judge_tries}" = "6" ]; then set judge_left=5; fi
              if [ "\${judge_tries}" = "5" ]; then set judge_left=4; fi
              if [ "\${judge_tries}" = "4" ]; then set judge_left=3; fi
              if [ "\${judge_tries}" = "3" ]; then set judge_left=2; fi
              if [ "\${judge_tries}" = "2" ]; then set judge_left=1; fi
              if [ "\${judge_tries}" = "1" ]; then set judge_left=0; fi
              if [ -n "\${judge_left}" ]; then
                set judge_tries="\${judge_left}"
                save_env --file "(\${root})/grub_judgement_env" judge_tries
                set extra_active_cmdline="\${extra_active_cmdline} rd.emergency=reboot rd.shell=0 panic=5 systemd.crash_reboot systemd.crash_shell=0 slotwright.trial=\${judge_left} slotwright.judged=\${judge_image}"
                # Another entry chosen by hand, or because this one cannot be loaded, says that a try was counted.
                set extra_passive_cmdline="\${extra_passive_cmdline} slotwright.counted=\${judge_left} slotwright.judged=\${judge_image}"
                set extra_recovery_cmdline="\${extra_recovery_cmdline} slotwright.counted=\${judge_left} slotwright.judged=\${judge_image}"
              fi
            fi
          fi
        fi
      fi
      loopback -d judged
    fi
  fi
  if [ -n "\${judge_verdict}" ]; then
    set default=fallback
    set fallback="2"
    set extra_passive_cmdline="\${extra_passive_cmdline} upgrade_failure slotwright.fell_back=\${judge_verdict}"
  fi
fi
# slotwright: end of the part that judges boots
`;

/** A menu that says this counts by itself. */
export const COUNTING_MARK = '# slotwright: begin of the part that judges boots';

const PART =
  /# slotwright: begin of the part that judges boots\n[^]*?# slotwright: end of the part that judges boots\n/;

/** A file that menus read last, with the part that counts at its end: once, and of this version. */
export function withJudgementMenu(text: string): string {
  const others = text.replace(PART, '');
  return `${others === '' || others.endsWith('\n') ? others : `${others}\n`}${JUDGEMENT_MENU}`;
}
