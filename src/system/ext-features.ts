/**
 * Features of ext file systems by name, not by the defaults of whoever makes them: what newer e2fsprogs turn on (`orphan_file`,
 * `metadata_csum_seed`) GRUB 2.06 cannot read, and older e2fsprogs do not know the names to turn it off. For `mke2fs -O`.
 */
const EXT2 = 'none,ext_attr,resize_inode,dir_index,filetype,sparse_super,large_file';

export const EXT_FEATURES: Readonly<Record<'ext2' | 'ext3' | 'ext4', string>> = {
  ext2: EXT2,
  ext3: `${EXT2},has_journal`,
  ext4: `${EXT2},has_journal,extent,huge_file,flex_bg,metadata_csum,64bit,dir_nlink,extra_isize`,
};
