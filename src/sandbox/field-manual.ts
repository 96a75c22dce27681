/**
 * The example of the field manual, letter for letter (with its package), including the key that stands there twice: it
 * has to work as it is.
 */
export const INSTALL_YAML = `stages:
name: "Install something"
stages:
   after-upgrade-chroot:
     - commands:
        - zypper in -y vim
`;
