/** Name of the state directory at the top of COS_STATE and, with copies of the log, of COS_RECOVERY. */
export const STATE_DIRECTORY = 'slotwright';

/** Beginning of the names of state directories whose log could not be read; a number follows. */
export const SET_ASIDE = `${STATE_DIRECTORY}.set-aside-`;
